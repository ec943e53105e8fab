// SPDX-License-Identifier: MIT
//
// Back-pressure: co_await self.send(to, event, arguments...) posts an event as soon as the receiver's mailbox has room
// for it. See SessionOptions::mailbox.
#pragma once

#include <cstddef>
#include <utility>

#include "poe/awaits.hpp"

namespace poe {

/// The part of a Send that does not depend on types.
class POE_API SendAwait : public Await {
 protected:
  SendAwait(SessionId to, const EventKey& event) noexcept : to_(to), event_(&event) {}
  ~SendAwait() = default;
  /// The payload, until it was sent.
  virtual void* arguments() noexcept = 0;
  bool sent_ = false;

 private:
  friend class KernelCore;
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  Result<void> post();
  void try_again();

  SessionId to_;
  const EventKey* event_;
};

template <class... A>
class Send final : public AwaitOf<Send<A...>, void, SendAwait> {
 public:
  template <class... B>
  Send(SessionId to, const Event<A...>& event, B&&... arguments) : AwaitOf<Send<A...>, void, SendAwait>(to, event) {
    Payload<A...>::construct(arguments_, std::forward<B>(arguments)...);
  }
  ~Send() {
    if (!this->sent_ && kEventOps<A...>.destroy != nullptr) kEventOps<A...>.destroy(arguments_);
  }

 private:
  void* arguments() noexcept override { return arguments_; }
  alignas(8) std::byte arguments_[Payload<A...>::kSize + 8];
};

template <class... A, class... B>
requires std::constructible_from<std::tuple<std::decay_t<A>...>, B...> Send<A...> Self::send(SessionId to,
                                                                                             const Event<A...>& event,
                                                                                             B&&... arguments) {
  return Send<A...>(to, event, std::forward<B>(arguments)...);
}

}  // namespace poe
