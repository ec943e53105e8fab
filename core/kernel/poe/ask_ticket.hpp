// SPDX-License-Identifier: MIT
//
// The way back of a request: who holds it owes a reply. See Self::ask().
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include "poe/awaits.hpp"

namespace poe {

class AskTicket;

/// The part of an Ask that does not depend on types. The arguments wait in the asker's frame until the request comes
/// to its turn, so nothing is allocated for it, and one that was given up meanwhile is not served at all.
class POE_API AskAwait : public Await {
 protected:
  AskAwait(SessionId to, const EventKey& event) noexcept : to_(to), event_(&event) {}
  ~AskAwait() = default;
  /// Calls the handler and sees to the reply.
  virtual void serve(void* object, const Handler& row, SessionId target, AskTicket& ticket) = 0;
  bool begin() override;
  std::string describe() const override;

  void* result_ = nullptr;  // a std::optional of what is asked for

 private:
  friend class KernelCore;
  friend class AskTicket;
  SessionId to_;
  const EventKey* event_;
};

/// Loop thread. Destroyed without a reply, it tells the asker that there will be none (error `no_session`).
class POE_API AskTicket {
 public:
  AskTicket(KernelCore& core, std::uint32_t index, std::uint32_t generation) noexcept
      : core_(&core), index_(index), generation_(generation) {}
  AskTicket(AskTicket&& other) noexcept
      : core_(std::exchange(other.core_, nullptr)), index_(other.index_), generation_(other.generation_) {}
  AskTicket& operator=(AskTicket&&) = delete;
  ~AskTicket();

  void reply() noexcept {
    if (AskAwait* ask = take()) ask->finish(AskAwait::Ending::done);
  }
  template <class R>
  void reply(R value) {
    AskAwait* const ask = take();
    if (ask == nullptr) return;  // it has ended, or does not wait any more
    static_cast<std::optional<R>*>(ask->result_)->emplace(std::move(value));
    ask->finish(AskAwait::Ending::done);
  }
  void fail(Error error) noexcept {
    if (AskAwait* ask = take()) ask->fail(std::move(error));
  }
  /// The exception being handled.
  void fail_with_current() noexcept;

 private:
  friend class KernelCore;
  AskAwait* asker() const noexcept;
  AskAwait* take() noexcept {
    AskAwait* const found = core_ != nullptr ? asker() : nullptr;
    core_ = nullptr;
    return found;
  }
  KernelCore* core_;
  std::uint32_t index_, generation_;
};

}  // namespace poe
