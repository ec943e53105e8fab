// SPDX-License-Identifier: MIT
//
// Observers, and the slower way of an event whose session is traced, observed or has a bounded mailbox.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "internal_events.hpp"
#include "kernel_core.hpp"
#include "poe/observer.hpp"
#include "poe/stall_watch.hpp"
#include "poe/tracer.hpp"

namespace poe {

Observer::~Observer() = default;

void KernelCore::observe_as_asked() {
  if (options_.trace != Trace::none)
    own_observers_.push_back(std::make_unique<Tracer>(face_, *options_.log, options_.trace));
  if (options_.stall_limit.count() > 0)
    own_observers_.push_back(std::make_unique<StallWatch>(*options_.log, options_.stall_limit));
  for (const auto& own : own_observers_) observe(*own);
}

void KernelCore::assert_books() const {
  const auto wrong = check_books();
  if (wrong.empty()) return;
  for (const std::string& line : wrong) options_.log->write(LogLevel::error, "assertion failed: " + line);
  std::abort();
}

void KernelCore::observe(Observer& observer) {
  observers_.push_back(&observer);
  alert_ |= kObserved;
  for (Slot& slot : slots_) slot.hooks |= Slot::kObserved;
}

void KernelCore::unobserve(Observer& observer) noexcept {
  std::erase(observers_, &observer);
  if (!observers_.empty()) return;
  alert_ = static_cast<std::uint8_t>(alert_ & ~kObserved);
  for (Slot& slot : slots_) slot.hooks &= static_cast<std::uint8_t>(~Slot::kObserved);
}

// By index: an observer may be taken away by the handler between before() and after().
template <class Tell>
void KernelCore::tell_observers(Tell&& tell) noexcept {
  for (std::size_t i = 0; i < observers_.size(); ++i) tell(*observers_[i]);
}

void KernelCore::tell_posted(std::uint32_t to, std::uint32_t sender, const EventKey& key) noexcept {
  tell_observers([&](Observer& o) { o.posted({id_of(to), id_of(sender), key.name}); });
}
void KernelCore::tell_started(std::uint32_t slot, std::uint32_t parent_slot) noexcept {
  tell_observers([&](Observer& o) { o.started(id_of(slot), id_of(parent_slot)); });
}
void KernelCore::tell_stopped(SessionId id) noexcept {
  tell_observers([&](Observer& o) { o.stopped(id); });
}
void KernelCore::tell_references(std::uint32_t slot) noexcept {
  tell_observers([&](Observer& o) { o.references(id_of(slot), slots_[slot].references()); });
}
void KernelCore::tell_signalled(SessionId to, const std::string& name) noexcept {
  tell_observers([&](Observer& o) { o.signalled(to, name.c_str()); });
}
void KernelCore::tell_turn(bool began) noexcept {
  const std::uint64_t queued = queue_.pushed() - queue_.taken();
  tell_observers([&](Observer& o) { began ? o.turn_began(queued) : o.turn_ended(queued); });
}

Hooked::Hooked(KernelCore& core, std::uint32_t slot, std::uint32_t sender, const EventKey& key) noexcept
    : core_(core), dispatch_{core.id_of(slot), core.id_of(sender), key.name} {
  const std::uint8_t hooks = core.slots_[slot].hooks;
  if (hooks == 0) return;
  if ((hooks & Slot::kTraced) != 0) core.trace(slot, sender, key);
  observed_ = (hooks & Slot::kObserved) != 0;
  if (observed_) core.tell_observers([&](Observer& o) { o.before(dispatch_); });
}

Hooked::~Hooked() {
  if (observed_) core_.tell_observers([&](Observer& o) { o.after(dispatch_); });
}

void KernelCore::deliver_hooked(Record& record) {
  const std::uint32_t slot = SessionId{record.target}.slot();
  if ((slots_[slot].hooks & Slot::kLimited) != 0 && counts_in_mailbox(*record.key)) leave_mailbox(slot);
  if (record.key == &kNoEvent) return;
  const std::uint64_t id = record.key->id;
  if (id == internal::look_again.id || id == internal::fifo_timer.id || id == internal::signal.id) {
    handle(record);  // what these bring about is told where it happens
    return;
  }
  EventKey key = *record.key;
  if (id == internal::dynamic.id) key.name = std::get<0>(Payload<DynamicCall>::get(record.payload())).name.c_str();
  const Hooked hooked(*this, slot, record.sender, key);
  handle(record);
}

}  // namespace poe
