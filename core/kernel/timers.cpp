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
  node.session = id.bits;
  node.key = &key;
  node.period = period;
  node.due = due;
  if (key.ops->size > sizeof node.small) node.large = std::make_unique<std::byte[]>(key.ops->size);
  key.ops->relocate(payload, node.payload());
  link(timers_, &Cold::timers, index);
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
  node.ticket = next_ticket_++;
  if (next_ticket_ == 0) next_ticket_ = 1;
  const SessionId id{node.session};
  sent(*queue_.push(internal::fifo_timer, id.bits, id.slot(),
                    [&](void* at) { Payload<std::uint32_t, std::uint32_t>::construct(at, index, node.ticket); }));
}

// Fires what is due by `until`, in order of due time. Timers made meanwhile wait for the next pass, so a session that
// sets alarms in the past for ever does not keep the events out.
void KernelCore::run_timers(std::int64_t until) {
  const std::uint64_t made_before = timer_queue_.next_sequence();
  while (events_left_ != 0 && !timer_queue_.empty() && timer_queue_.first_due() <= until &&
         timer_queue_.first_sequence() < made_before) {
    const std::uint32_t index = timer_queue_.first();
    timer_queue_.remove(index);
    const std::uint32_t slot = SessionId{timers_[index].session}.slot();
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
  ++counts_.timers;
  if (node.period != 0) {
    fire_periodic(index);
    return;
  }
  node.firing = true;
  call_timer(node, node.payload());
  if (node.key->ops->destroy != nullptr) node.key->ops->destroy(node.payload());
  const std::uint32_t slot = SessionId{node.session}.slot();
  if (!node.dead) {
    unlink(timers_, &Cold::timers, index);
    timers_.remove(index);
    drop_reference(slot);
  } else {
    timers_.remove(index);
  }
}

void KernelCore::fire_periodic(std::uint32_t index) {
  TimerNode& node = timers_[index];
  alignas(8) std::byte copy[264];
  const bool copied =
      guarded(SessionId{node.session}.slot(), *node.key, [&] { node.key->ops->copy(node.payload(), copy); });
  const std::int64_t missed = look_ > node.due ? (look_ - node.due) / node.period : 0;  // ticks that came too late
  node.due =
      saturating_add(TimePoint(Duration(node.due)), Duration(node.period * (missed + 1))).time_since_epoch().count();
  timer_queue_.add(index, node.due);
  if (!copied) return;
  node.firing = true;
  call_timer(node, copy);
  if (node.key->ops->destroy != nullptr) node.key->ops->destroy(copy);
  node.firing = false;
  if (node.dead) free_timer(index);
}

void KernelCore::call_timer(TimerNode& node, void* payload) {
  const SessionId id{node.session};
  const EventKey& key = *node.key;
  guarded(id.slot(), key, [&] {
    const Slot& slot = slots_[id.slot()];
    if (const Handler* row = slot.table->find(key.id)) {
      row->thunk(slot.object, *row, payload, nullptr);
    } else if (key.id == internal::deferred.id) {
      std::get<0>(Payload<Fn<void()>>::get(payload))();
    } else if (slot.table->fallback.thunk != nullptr) {
      std::vector<Value> values;
      key.ops->to_values(payload, values);
      slot.table->fallback.thunk(slot.object, slot.table->fallback.row, key, values);
    }
  });
}

// The node has left every list; its arguments are still there.
void KernelCore::free_timer(std::uint32_t index) noexcept {
  TimerNode& node = timers_[index];
  if (node.key->ops->destroy != nullptr) node.key->ops->destroy(node.payload());
  timers_.remove(index);
}

void KernelCore::drop_timer(std::uint32_t index) noexcept {
  TimerNode& node = timers_[index];
  timer_queue_.remove(index);
  unlink(timers_, &Cold::timers, index);
  drop_reference(SessionId{node.session}.slot());
  node.ticket = 0;
  if (node.firing) {
    node.dead = true;  // freed when its handler returns
  } else {
    free_timer(index);
  }
}

Result<void> KernelCore::move_timer(Handle& timer, std::int64_t due) {
  if (!handle_holds(timer)) return failure(Errc::cancelled, "move timer", "", "it has fired, or was cancelled");
  TimerNode& node = timers_[timer.index_];
  timer_queue_.remove(timer.index_);
  node.ticket = 0;
  node.due = due;
  timer_queue_.add(timer.index_, due);
  if (asleep_) schedule();
  return {};
}

}  // namespace poe
