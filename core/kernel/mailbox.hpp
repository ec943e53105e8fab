// SPDX-License-Identifier: MIT
//
// Mailbox: what other threads put in for the loop thread. Shared by a kernel and all its Addresses and Postbacks, so it
// may outlive the kernel; its gate makes sure that no wake reaches a loop after close() has been called.
//
// Why a mutex and not a lock-free queue: the lock is held for a push_back, and it is the gate as well.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/session_id.hpp"

namespace poe {

class KernelCore;

/// One thing put in from outside: an event with its arguments, or the release of a postback's reference.
class Letter {
 public:
  /// Takes the payload over.
  Letter(SessionId to, const EventKey& event, void* payload);
  /// "One reference less."
  explicit Letter(SessionId to) noexcept : to_(to) {}
  Letter(Letter&& other) noexcept;
  Letter& operator=(Letter&&) = delete;
  ~Letter();

  SessionId to() const noexcept { return to_; }
  const EventKey* event() const noexcept { return event_; }
  /// Moves the payload to `at`; it has no event any more.
  void unpack(void* at) noexcept;

 private:
  static constexpr std::size_t kRoom = 16;  // octets of a payload that needs no memory of its own
  void* payload() noexcept { return box_ ? box_.get() : small_; }

  SessionId to_;
  const EventKey* event_ = nullptr;
  std::unique_ptr<std::byte[]> box_;
  alignas(8) std::byte small_[kRoom];
};

class Mailbox {
 public:
  explicit Mailbox(KernelCore& core) : core_(&core) {}

  /// Any thread.
  Result<void> put(Letter letter);
  /// The kernel, if this is its loop thread and it still exists; otherwise nullptr.
  KernelCore* here() const noexcept;

  // ---- loop thread

  bool waiting() const noexcept { return waiting_.load(std::memory_order_acquire); }
  /// All there are, in the place of what is in `into`, whose memory serves the next ones.
  void take(std::vector<Letter>& into);
  /// Opens the gate: `wake` is called, under the lock, with the first letter after each take().
  void open(std::function<void()> wake);
  /// Closes it; no wake is under way when this returns.
  void shut();
  /// The kernel goes: put() fails from now on; what is inside is dropped.
  void end();
  void adopt_thread() noexcept { thread_.store(std::this_thread::get_id(), std::memory_order_release); }

 private:
  mutable std::mutex mutex_;
  std::vector<Letter> letters_;
  std::function<void()> wake_;
  std::atomic<bool> waiting_{false};
  std::atomic<KernelCore*> core_;
  std::atomic<std::thread::id> thread_{std::this_thread::get_id()};
};

}  // namespace poe
