// SPDX-License-Identifier: MIT
//
// Bounded mailboxes. A session without a limit of its own pays nothing for this; only the queue as a whole is bounded
// for all, and looked at when it grows.
#include <algorithm>
#include <iterator>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"

namespace poe {

namespace {

/// Stands in a record that was dropped to make room, and is counted no more.
constexpr EventKey kDropped{2, "", &kEventOps<>};

void drop(Record& record) noexcept {
  const EventKey* key = std::exchange(record.key, &kDropped);
  if (key->ops->destroy != nullptr) key->ops->destroy(record.payload());
}

}  // namespace

// What the kernel itself sends a session is always let in.
bool KernelCore::counts_in_mailbox(const EventKey& key) noexcept {
  static constexpr const EventKey* kOwn[] = {
      &internal::look_again, &internal::fifo_timer, &internal::child_ended, &internal::signal,
      &internal::go_on,      &internal::ask,        &internal::body_ended,  &kDropped};
  return std::none_of(std::begin(kOwn), std::end(kOwn), [&](const EventKey* own) { return own->id == key.id; });
}

std::uint32_t KernelCore::count_queued(std::uint32_t slot) {
  std::uint32_t queued = 0;
  const auto count = [&](const Record& record) {
    if (record.target == slots_[slot].id && counts_in_mailbox(*record.key)) ++queued;
  };
  queue_.for_each([&](Record& record) { count(record); });
  for (const HeldRecord& held : held_) count(*reinterpret_cast<const Record*>(held.get()));
  return queued;
}

Record* KernelCore::oldest_queued(std::uint32_t slot) {
  const auto fits = [&](const Record& record) {
    return record.target == slots_[slot].id && record.key != &kNoEvent && counts_in_mailbox(*record.key);
  };
  for (const HeldRecord& held : held_) {
    auto* record = reinterpret_cast<Record*>(held.get());
    if (fits(*record)) return record;
  }
  Record* found = nullptr;
  queue_.for_each([&](Record& record) {
    if (found == nullptr && fits(record)) found = &record;
  });
  return found;
}

Result<void> KernelCore::enter_mailbox(std::uint32_t slot, const EventKey& key) {
  OwnOptions& own = own_options_[slot];
  if (own.queued >= own.options.mailbox) {
    Record* oldest = own.options.overflow == Overflow::drop_oldest ? oldest_queued(slot) : nullptr;
    if (oldest == nullptr) {
      return failure(Errc::limit, "post", "event \"" + std::string(key.name) + "\" to " + describe(id_of(slot)),
                     "its mailbox holds " + std::to_string(own.queued) + " events, which is its limit",
                     "wait with Self::when_room(), or give it a larger SessionOptions::mailbox");
    }
    drop(*oldest);
    --own.queued;
  }
  ++own.queued;
  return {};
}

void KernelCore::leave_mailbox(std::uint32_t slot) {
  OwnOptions& own = own_options_[slot];
  if (own.queued != 0) --own.queued;
  if (own.queued < own.options.mailbox) wake_waiter(slot);
}

bool KernelCore::is_full(SessionId id) const noexcept {
  if (!alive(id) || (slots_[id.slot()].hooks & Slot::kLimited) == 0) return false;
  const OwnOptions& own = own_options_.at(id.slot());
  return own.queued >= own.options.mailbox;
}

// ---- those who wait for room

void KernelCore::when_room(SessionId to, SessionId who, Fn<void()> work) {
  if (!is_full(to)) {
    defer_to(who, std::move(work));
    return;
  }
  add_reference(who.slot());
  room_waiters_[to.slot()].push_back({who, std::move(work)});
}

void KernelCore::wake_waiter(std::uint32_t slot) {
  const auto found = room_waiters_.find(slot);
  if (found == room_waiters_.end()) return;
  RoomWaiter waiter = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) room_waiters_.erase(found);
  if (!alive(waiter.who)) return wake_waiter(slot);
  defer_to(waiter.who, std::move(waiter.work));
  drop_reference(waiter.who.slot());
}

/// The session has ended: who waits for it learns that from its next post.
void KernelCore::wake_all_waiters(std::uint32_t slot) {
  while (room_waiters_.contains(slot)) wake_waiter(slot);
}

/// A session was stopped before it did some work, which may have been to take a place it was told of: that is the next
/// one's. Where it was other work, one too many is told, and waits again.
void KernelCore::pass_places_on() {
  std::vector<std::uint32_t> with_room;
  for (const auto& [slot, waiters] : room_waiters_) {
    if (!is_full(id_of(slot))) with_room.push_back(slot);
  }
  for (const std::uint32_t slot : with_room) wake_waiter(slot);
}

void KernelCore::defer_to(SessionId who, Fn<void()> work) {
  if (!alive(who)) return;
  if ((slots_[who.slot()].hooks & Slot::kLimited) != 0)
    ++own_options_[who.slot()].queued;  // not refused, but it counts
  sent(*queue_.push(internal::deferred, who.bits, who.slot(),
                    [&](void* at) { Payload<Fn<void()>>::construct(at, std::move(work)); }));
}

// ---- Dispatcher: what a post of a bounded or observed session asks first

Result<void> Dispatcher::admit(SessionId to, std::uint32_t sender, const EventKey& event) {
  auto& core = static_cast<KernelCore&>(*this);
  if (queue_.full()) {
    return failure(Errc::limit, "post", "event \"" + std::string(event.name) + "\"",
                   "the kernel's queue holds " + std::to_string(queue_.pushed() - queue_.taken()) +
                       " events, which fill KernelOptions::queue_limit",
                   "find who posts faster than is handled (POE_TRACE=events), or raise the limit");
  }
  if ((slots_[to.slot()].hooks & Slot::kLimited) != 0) {
    if (auto room = core.enter_mailbox(to.slot(), event); !room) return room;
  }
  if ((slots_[to.slot()].hooks & Slot::kObserved) != 0) core.tell_posted(to.slot(), sender, event);
  return {};
}

}  // namespace poe
