// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

Timer KernelCore::start_timer(SessionId id, std::int64_t due, std::int64_t period, bool fifo, const EventKey& key,
                              void* payload) {
  if (!alive(id)) {
    if (key.ops->destroy != nullptr) key.ops->destroy(payload);
    return {};
  }
  const std::uint32_t index = timers_.add();
  TimerNode& node = timers_[index];
  node.slot = id.slot() & 0xFFFFFF;
  node.key = &key;
  if (period != 0 || key.ops->size > TimerNode::kRoom) {
    void* const box = ::operator new(sizeof(TimerNode::Box) + key.ops->size);
    ::new (box) TimerNode::Box{period, Missed::coalesce};
    std::memcpy(node.small, &box, sizeof box);
    node.boxed = true;
    node.periodic = period != 0;
  }
  key.ops->relocate(payload, node.payload());
  ++cold_[id.slot()].timers;
  add_reference(id.slot());
  if (fifo) {
    queue_fifo_timer(index);
  } else {
    timer_queue_.add(index, due);
    if (due <= look_) pass_end_ = std::min(pass_end_, queue_.pushed());  // it comes before what is posted after it
    if (asleep_ && timer_queue_.first() == index) schedule();
  }
  return make_handle<Timer>(Handle::Kind::timer, index, timers_.generation(index));
}

// "After the events already queued": a record stands in the queue for the timer.
void KernelCore::queue_fifo_timer(std::uint32_t index) {
  TimerNode& node = timers_[index];
  node.order = next_ticket_++;
  node.queued = true;
  const SessionId id = id_of(node.slot);
  sent(*queue_.push(internal::fifo_timer, id.bits, id.slot(),
                    [&](void* at) { Payload<std::uint32_t, std::uint32_t>::construct(at, index, node.order); }));
}

// Fires what is due by `until`, in order of due time. Timers made meanwhile wait for the next pass, so a session that
// sets alarms in the past for ever does not keep the events out.
void KernelCore::run_timers(std::int64_t until) {
  const std::uint32_t begin = timer_queue_.mark();
  while (events_left_ != 0 && !timer_queue_.empty() && timer_queue_.first_due() <= until &&
         !timer_queue_.first_is_newer(begin)) {
    const std::uint32_t index = timer_queue_.pop();
    const std::uint32_t slot = timers_[index].slot;
    if (frames_ != nullptr && on_stack(slot) && !slots_[slot].reentrant) {
      queue_fifo_timer(index);  // its session is suspended below us: it waits with the events
      continue;
    }
    fire(index);
    if (attention_) attend();
    count_event();
  }
}

void KernelCore::fire(std::uint32_t index) {
  TimerNode& node = timers_[index];
  if (node.wall && wall_alarm_is_early(index)) return;
  ++counts_.timers;
  if (node.periodic) {
    fire_periodic(index);
    return;
  }
  node.firing = true;
  call_timer(node, node.payload());
  if (node.dead) {
    free_timer(index);
  } else {
    const std::uint32_t slot = node.slot;
    unlist_timer(index);
    free_timer(index);
    drop_reference(slot);
  }
}

void KernelCore::fire_periodic(std::uint32_t index) {
  TimerNode& node = timers_[index];
  const TimerNode::Box& how = *node.box();
  const std::int64_t due = node.due;
  const std::int64_t now = clock();  // not look_: a handler of this turn may be what was late
  std::int64_t missed = now > due ? (now - due) / how.period : 0;
  const bool dropped = how.missed == Missed::skip && missed != 0;
  if (how.missed == Missed::catch_up) missed = 0;
  timer_queue_.add(
      index, saturating_add(TimePoint(Duration(due)), Duration(how.period * (missed + 1))).time_since_epoch().count());
  if (dropped) return;
  alignas(8) std::byte copy[264];
  const bool copied = guarded(node.slot, *node.key, [&] { node.key->ops->copy(node.payload(), copy); });
  if (!copied) return;
  node.firing = true;
  call_timer(node, copy);
  if (node.key->ops->destroy != nullptr) node.key->ops->destroy(copy);
  node.firing = false;
  if (node.dead) free_timer(index);
}

void KernelCore::call_timer(TimerNode& node, void* payload) {
  const EventKey& key = *node.key;
  guarded(node.slot, key, [&] {
    const Slot& slot = slots_[node.slot];
    const Hooked hooked(*this, node.slot, node.slot, key);
    if (const Handler* row = slot.table->find(key.id)) {
      row->thunk(slot.object, *row, payload, nullptr);
    } else if (key.id == internal::deferred.id) {
      std::get<0>(Payload<Fn<void()>>::get(payload))();
    } else if (key.id == internal::await_due.id) {
      const auto [await, generation] = Payload<std::uint32_t, std::uint32_t>::get(payload);
      await_due(await, generation);
    } else if (slot.table->fallback.thunk != nullptr) {
      std::vector<Value> values;
      key.ops->to_values(payload, values);
      slot.table->fallback.thunk(slot.object, slot.table->fallback.row, key, values);
    } else {
      report_unhandled(node.slot, key);
    }
  });
}

// The node has left every list; its arguments are still there.
void KernelCore::free_timer(std::uint32_t index) noexcept {
  TimerNode& node = timers_[index];
  void* const payload = node.payload();
  if (node.key->ops->destroy != nullptr) node.key->ops->destroy(payload);
  if (node.boxed) ::operator delete(node.box());
  timers_.remove(index);
}

void KernelCore::unlist_timer(std::uint32_t index) noexcept {
  const TimerNode& node = timers_[index];
  --cold_[node.slot].timers;
  if (node.detached) unlink(timers_, &Cold::detached_timers, index);
}

void KernelCore::drop_timer(std::uint32_t index) noexcept {
  TimerNode& node = timers_[index];
  if (node.wall) forget_wall_alarm(index);
  timer_queue_.remove(index);
  unlist_timer(index);
  if (slots_[node.slot].id != 0) drop_reference(node.slot);
  node.queued = false;
  if (node.firing) {
    node.dead = true;  // freed when its handler returns
  } else {
    free_timer(index);
  }
}

// A timer goes with its handle, and handles go with their session's object. Only where no handle is left, a session's
// end could not find its timers without a list.
void KernelCore::detach_timer(std::uint32_t index) noexcept {
  timers_[index].detached = true;
  link(timers_, &Cold::detached_timers, index);
}

// For a session that has ended while somebody else held handles of its timers: looks at all there are.
void KernelCore::drop_timers_of(SessionId id) noexcept {
  for (std::uint32_t index = 0; index < timers_.size() && cold_[id.slot()].timers != 0; ++index) {
    if (timers_.used(index) && timers_[index].slot == id.slot() && !timers_[index].dead) drop_timer(index);
  }
}

// POE's `alarm_remove_all`, without the timers of wheels. Looks at all timers there are: no list is kept for it.
std::vector<CancelledTimer> KernelCore::cancel_timers(SessionId id) {
  std::vector<CancelledTimer> cancelled;
  std::vector<std::uint32_t> ours;
  for (std::uint32_t i = 0; i < timers_.size() && alive(id); ++i) {
    if (!timers_.used(i)) continue;
    const TimerNode& node = timers_[i];
    const bool waits = !node.dead && (!node.firing || node.periodic);
    if (node.slot == id.slot() && waits && node.key->id != internal::deferred.id &&
        node.key->id != internal::await_due.id)
      ours.push_back(i);
  }
  std::stable_sort(ours.begin(), ours.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return timer_due(a) < timer_due(b); });
  for (const std::uint32_t index : ours) {
    TimerNode& node = timers_[index];
    CancelledTimer& told = cancelled.emplace_back();
    told.event = node.key->name;
    told.due = TimePoint(Duration(timer_due(index)));
    node.key->ops->to_values(node.payload(), told.arguments);
  }
  for (const std::uint32_t index : ours) drop_timer(index);
  return cancelled;
}

Result<void> KernelCore::move_timer(Handle& timer, std::int64_t due) {
  if (!timer_holds(timer)) return failure(Errc::cancelled, "move timer", "", "it has fired, or was cancelled");
  TimerNode& node = timers_[timer.index_];
  if (node.wall) {
    forget_wall_alarm(timer.index_);
  } else if (timer_queue_.contains(timer.index_) && timers_[timer.index_].due == due) {
    return {};  // it keeps its place among equals (P014)
  }
  node.queued = false;
  timer_queue_.move(timer.index_, due);
  if (asleep_) schedule();
  return {};
}

}  // namespace poe
