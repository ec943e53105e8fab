// SPDX-License-Identifier: MIT
#include "poe/send.hpp"

#include "kernel_core.hpp"

namespace poe {

bool SendAwait::begin() {
  const auto posted = post();
  if (posted) return ended(Ending::done);
  if (!core().is_full(to_)) return refuse(posted.error());
  pend();
  core().wait_to_send(to_, session(), *this, false);
  return true;
}

void SendAwait::end() noexcept {
  if (!sent_) core().forget_sender(to_, index());
}

std::string SendAwait::describe() const {
  return "room for \"" + std::string(event_->name) + "\" in session " + std::to_string(to_.slot());
}

Result<void> SendAwait::post() {
  auto posted = core().post_payload(to_, session().slot(), *event_, arguments());
  sent_ = posted.has_value();
  return posted;
}

// Another may have been quicker: then this one is still the first of those who wait.
void SendAwait::try_again() {
  if (const auto posted = post(); posted) {
    finish_now(Ending::done);
  } else if (core().is_full(to_)) {
    core().wait_to_send(to_, session(), *this, true);
  } else {
    fail(posted.error());
  }
}

Result<void> KernelCore::post_payload(SessionId to, std::uint32_t sender, const EventKey& event, void* payload) {
  return post_slowly(to, sender, event, [&](void* at) { event.ops->relocate(payload, at); });
}

void KernelCore::wait_to_send(SessionId to, SessionId who, const SendAwait& await, bool first) {
  const std::uint32_t index = await.index(), generation = await.generation();
  auto& waiters = room_waiters_[to.slot()];
  RoomWaiter waiter{who, [this, to, index, generation] { send_again(to, index, generation); }, index};
  first ? waiters.push_front(std::move(waiter)) : waiters.push_back(std::move(waiter));
  add_reference(who.slot());
}

// A place that its waiter no longer wants is the next one's.
void KernelCore::send_again(SessionId to, std::uint32_t index, std::uint32_t generation) {
  if (awaits_.holds(index, generation) && awaits_[index].await->pending()) {
    static_cast<SendAwait*>(awaits_[index].await)->try_again();
  } else if (alive(to) && !is_full(to)) {
    wake_waiter(to.slot());
  }
}

void KernelCore::forget_sender(SessionId to, std::uint32_t await) noexcept {
  const auto found = room_waiters_.find(to.slot());
  if (found == room_waiters_.end()) return;
  for (auto waiter = found->second.begin(); waiter != found->second.end(); ++waiter) {
    if (waiter->await != await) continue;
    const std::uint32_t slot = waiter->who.slot();
    found->second.erase(waiter);
    if (found->second.empty()) room_waiters_.erase(found);
    return drop_reference(slot);
  }
}

}  // namespace poe
