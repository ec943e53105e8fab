// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

// A timer of a session that lives, whose time is still to be set. Takes the payload over.
inline TimerTable::Added KernelCore::make_timer(SessionId id, const EventKey& key, void* payload, std::int64_t period) {
  timer_queue_.make_room();  // what may fail comes first
  const TimerTable::Added made = timers_.add();
  made.tag.slot = id.slot();
  made.key = &key;
  if (period != 0 || key.ops->size > TimerWhat::kRoom) [[unlikely]]
    box_arguments(made.index, period);
  add_reference(id.slot(), Slot::kTimer);
  if (key.ops->size != 0) {
    if (key.ops->destroy != nullptr) made.tag.set(TimerTag::kOwner);
    key.ops->relocate(payload, timers_.payload(made.index));
  }
  return made;
}

inline Timer KernelCore::set_timer(const TimerTable::Added& made, std::int64_t due) {
  timer_queue_.add(made.index, made.when, due);
  end_pass_for(due);
  if (asleep() && timer_queue_.first() == made.index) schedule();
  return make_handle<Timer>(Handle::Kind::timer, made.index, made.tag.generation());
}

Timer KernelCore::refuse_timer(const EventKey& key, void* payload) noexcept {
  if (key.ops->destroy != nullptr) key.ops->destroy(payload);
  return {};
}

Timer KernelCore::start_timer(SessionId id, std::int64_t due, const EventKey& key, void* payload) {
  if (slots_[id.slot()].id != id.bits) [[unlikely]]  // a session of this kernel asks: the slot is there
    return refuse_timer(key, payload);
  return set_timer(make_timer(id, key, payload, 0), due);
}

// Due after the events already queued.
Timer KernelCore::start_fifo_timer(SessionId id, const EventKey& key, void* payload) {
  if (!alive(id)) return refuse_timer(key, payload);
  const TimerTable::Added made = make_timer(id, key, payload, 0);
  queue_fifo_timer(made.index);
  return make_handle<Timer>(Handle::Kind::timer, made.index, made.tag.generation());
}

Timer KernelCore::start_repeating_timer(SessionId id, std::int64_t first, std::int64_t period, Missed missed,
                                        const EventKey& key, void* payload) {
  if (!alive(id)) return refuse_timer(key, payload);
  const TimerTable::Added made = make_timer(id, key, payload, period);
  timers_.what(made.index).box()->missed = missed;
  return set_timer(made, first);
}

void KernelCore::box_arguments(std::uint32_t index, std::int64_t period) {
  void* const box = ::operator new(sizeof(TimerWhat::Box) + timers_.key(index)->ops->size, std::nothrow);
  if (box == nullptr) {
    timers_.remove(index);
    throw std::bad_alloc();
  }
  ::new (box) TimerWhat::Box{period, Missed::coalesce};
  std::memcpy(timers_.what(index).small, &box, sizeof box);
  timers_.tag(index).set(TimerTag::kBoxed | (period != 0 ? TimerTag::kPeriodic : 0U));
}

// "After the events already queued": a record stands in the queue for the timer.
void KernelCore::queue_fifo_timer(std::uint32_t index) {
  const std::uint32_t ticket = timers_.when(index).order = next_ticket_++;
  timers_.tag(index).set(TimerTag::kQueued);
  const SessionId id = id_of(timers_.tag(index).slot);
  sent(*queue_.push(internal::fifo_timer, id.bits, id.slot(),
                    [&](void* at) { Payload<std::uint32_t, std::uint32_t>::construct(at, index, ticket); }));
}

// Fires what is due by `until`, in order of due time. Timers made meanwhile wait for the next pass, so a session that
// sets alarms in the past for ever does not keep the events out.
void KernelCore::run_timers(std::int64_t until) {
  const std::uint32_t begin = timer_queue_.mark();
  while (events_left_ != 0 && !timer_queue_.empty() && timer_queue_.first_due() <= until &&
         !timer_queue_.first_is_newer(begin)) {
    const std::uint32_t index = timer_queue_.pop();
    const std::uint32_t slot = timers_.tag(index).slot;
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
  TimerTag& tag = timers_.tag(index);
  if (tag.is(TimerTag::kWall) && wall_alarm_is_early(index)) return;
  ++counts_.timers;
  if (tag.is(TimerTag::kPeriodic)) {
    fire_periodic(index);
    return;
  }
  tag.set(TimerTag::kFiring);
  call_timer(tag.slot, *timers_.key(index), timers_.payload(index));
  if (tag.is(TimerTag::kDead)) {
    free_timer(index);
  } else {
    const std::uint32_t slot = tag.slot;
    unlist_timer(index);
    free_timer(index);
    drop_reference(slot, Slot::kTimer);
  }
}

void KernelCore::fire_periodic(std::uint32_t index) {
  TimerTag& tag = timers_.tag(index);
  const EventKey& key = *timers_.key(index);
  const TimerWhat::Box& how = *timers_.what(index).box();
  const std::int64_t due = timers_.when(index).due;
  const std::int64_t now = clock();  // not look_: a handler of this turn may be what was late
  std::int64_t missed = now > due ? (now - due) / how.period : 0;
  const bool dropped = how.missed == Missed::skip && missed != 0;
  if (how.missed == Missed::catch_up) missed = 0;
  timer_queue_.add(
      index, saturating_add(TimePoint(Duration(due)), Duration(how.period * (missed + 1))).time_since_epoch().count());
  if (dropped) return;
  alignas(8) std::byte copy[264];
  const bool copied = guarded(tag.slot, key, [&] { key.ops->copy(timers_.payload(index), copy); });
  if (!copied) return;
  const bool outermost = !tag.is(TimerTag::kFiring);  // a reentrant session may run its slices inside its handler
  tag.set(TimerTag::kFiring);
  call_timer(tag.slot, key, copy);
  if (key.ops->destroy != nullptr) key.ops->destroy(copy);
  if (!outermost) return;
  tag.clear(TimerTag::kFiring);
  if (tag.is(TimerTag::kDead)) free_timer(index);
}

void KernelCore::call_timer(std::uint32_t slot, const EventKey& key, void* payload) {
  guarded(slot, key, [&] {
    const Slot& to = slots_[slot];
    const Hooked hooked(*this, slot, slot, key);
    if (const Handler* row = to.table->find(key.id)) {
      row->thunk(to.object, *row, payload, nullptr);
    } else if (key.id == internal::deferred.id) {
      std::get<0>(Payload<Fn<void()>>::get(payload))();
    } else if (key.id == internal::await_due.id) {
      const auto [await, generation] = Payload<std::uint32_t, std::uint32_t>::get(payload);
      await_due(await, generation);
    } else if (to.table->fallback.thunk != nullptr) {
      std::vector<Value> values;
      key.ops->to_values(payload, values);
      to.table->fallback.thunk(to.object, to.table->fallback.row, key, values);
    } else {
      report_unhandled(slot, key);
    }
  });
}

// It has left every list; its arguments are still there.
void KernelCore::free_timer(std::uint32_t index) noexcept {
  const TimerTag& tag = timers_.tag(index);
  if (tag.is(TimerTag::kOwner)) timers_.key(index)->ops->destroy(timers_.payload(index));
  if (tag.is(TimerTag::kBoxed)) ::operator delete(timers_.what(index).box());
  timers_.remove(index);
}

void KernelCore::unlist_timer(std::uint32_t index) noexcept {
  const TimerTag& tag = timers_.tag(index);
  if (tag.is(TimerTag::kDetached)) unlink(timers_, &Cold::detached_timers, index);
}

void KernelCore::drop_timer(std::uint32_t index) noexcept {
  TimerTag& tag = timers_.tag(index);
  if (tag.is(TimerTag::kWall)) forget_wall_alarm(index);
  if (timer_queue_.contains(index)) timer_queue_.remove(index);
  unlist_timer(index);
  if (slots_[tag.slot].id != 0) {
    drop_reference(tag.slot, Slot::kTimer);
  } else {
    slots_[tag.slot].kept_by -= Slot::kTimer;  // its session is on the way out
  }
  tag.clear(TimerTag::kQueued);
  tag.set(TimerTag::kDead);                           // also for a handle that its arguments hold
  if (!tag.is(TimerTag::kFiring)) free_timer(index);  // else when its handler has returned
}

// A timer goes with its handle, and handles go with their session's object. Only where no handle is left, a session's
// end could not find its timers without a list.
void KernelCore::detach_timer(std::uint32_t index) noexcept {
  timers_.tag(index).set(TimerTag::kDetached);
  link(timers_, &Cold::detached_timers, index);
}

// For a session that has ended while somebody else held handles of its timers: looks at all there are.
void KernelCore::drop_timers_of(SessionId id) noexcept {
  for (std::uint32_t index = 0; index < timers_.size() && slots_[id.slot()].timers() != 0; ++index) {
    if (timers_.used(index) && timers_.tag(index).slot == id.slot() && !timers_.tag(index).is(TimerTag::kDead))
      drop_timer(index);
  }
}

// POE's `alarm_remove_all`, without the timers of wheels. Looks at all timers there are: no list is kept for it.
std::vector<CancelledTimer> KernelCore::cancel_timers(SessionId id) {
  std::vector<CancelledTimer> cancelled;
  std::vector<std::uint32_t> ours;
  for (std::uint32_t i = 0; i < timers_.size() && alive(id); ++i) {
    if (!timers_.used(i)) continue;
    const TimerTag& tag = timers_.tag(i);
    const EventKey& key = *timers_.key(i);
    if (tag.slot == id.slot() && tag.is_to_fire() && key.id != internal::deferred.id &&
        key.id != internal::await_due.id)
      ours.push_back(i);
  }
  std::stable_sort(ours.begin(), ours.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return timer_due(a) < timer_due(b); });
  for (const std::uint32_t index : ours) {
    const EventKey& key = *timers_.key(index);
    CancelledTimer& told = cancelled.emplace_back();
    told.event = key.name;
    told.due = TimePoint(Duration(timer_due(index)));
    key.ops->to_values(timers_.payload(index), told.arguments);
  }
  std::vector<std::uint32_t> generations;
  generations.reserve(ours.size());
  for (const std::uint32_t index : ours) generations.push_back(timers_.tag(index).generation());
  for (std::size_t i = 0; i < ours.size(); ++i) {  // the arguments of one may hold the handle of another
    const TimerTag& tag = timers_.tag(ours[i]);
    if (tag.generation() == generations[i] && tag.is_to_fire()) drop_timer(ours[i]);
  }
  return cancelled;
}

Result<void> KernelCore::move_timer(Handle& timer, std::int64_t due) {
  TimerTag& tag = timers_.tag(timer.index());
  if (!tag.is_plain(timer.marked_generation())) [[unlikely]] {
    if (tag.generation() != timer.generation() || !tag.is_to_fire())
      return failure(Errc::cancelled, "move timer", "", "it has fired, or was cancelled");
    timer_queue_.make_room();  // what may fail comes first
    tag.clear(TimerTag::kQueued);
  }
  const TimerWhen& when = timers_.when(timer.index());
  if (tag.is(TimerTag::kWall)) {
    forget_wall_alarm(timer.index());
  } else if (when.entry != 0 && when.due == due) {
    return {};  // it keeps its place among equals (P014)
  }
  timer_queue_.move(timer.index(), due);
  end_pass_for(due);
  if (asleep()) schedule();
  return {};
}

}  // namespace poe
