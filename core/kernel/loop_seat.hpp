// SPDX-License-Identifier: MIT
//
// LoopSeat: the kernel's place in one loop. Owns a poe_loop and calls its table; answers the calls a loop makes. What
// the loop lacks and can be emulated without the kernel's knowledge is emulated here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "poe/error.hpp"
#include "poe/fn.hpp"
#include "poe/loop_abi.h"
#include "poe/loop_provider.hpp"

namespace poe {

/// What a loop calls. The kernel implements it.
class LoopEvents {
 public:
  virtual void on_ready(std::uint64_t token, std::uint32_t events) noexcept = 0;
  virtual void on_turn(std::uint32_t reasons) = 0;
  virtual void on_host_gone() noexcept = 0;
  virtual void on_watch_error(std::uint64_t token, int os_error, const char* text) noexcept = 0;
  virtual void on_log(int level, const char* text) noexcept = 0;

 protected:
  ~LoopEvents() = default;
};

class LoopSeat {
 public:
  LoopSeat() = default;
  LoopSeat(const LoopSeat&) = delete;
  LoopSeat& operator=(const LoopSeat&) = delete;
  ~LoopSeat();

  /// Makes the loop; this thread becomes its thread.
  Result<void> open(LoopEvents& events, const LoopChoice& choice);
  /// Leaves it. An own loop is stepped until it is gone; a host's takes the rest away in its own time and then `done`
  /// is called, on its thread.
  void close(Fn<void()> done = {});
  /// Drops it without a word to the host: it is dead, or this is a forked child.
  void abandon();

  bool is_open() const noexcept { return loop_ != nullptr; }
  bool is_guest() const noexcept { return guest_; }
  bool on_own_thread() const noexcept { return thread_ == std::this_thread::get_id(); }
  const poe_loop_plugin& plugin() const noexcept { return *plugin_; }
  bool can(std::uint32_t capability) const noexcept;

  // Each: 0 (or a count) or a negative code; see loop_abi.h.
  int watch(int fd, std::uint32_t interest, std::uint64_t token) noexcept;
  int arm(std::int64_t deadline_ns) noexcept;  ///< does nothing if that deadline is armed already
  int step(std::int64_t max_wait_ns) noexcept;
  int run() noexcept;
  int stop() noexcept;
  int hold(bool keep) noexcept;
  int pollable(poe_pollable& ret) noexcept;
  std::int64_t now() const noexcept;
  const void* extension(const char* name) noexcept;
  /// Wakes the loop from any thread; for Mailbox::open. Valid until close().
  std::function<void()> waker() const;
  /// The deadline that was armed has come: it is spent.
  void deadline_spent() noexcept { armed_ = POE_NEVER_NS; }

  /// The Error for a code one of the ops returned, with what the loop said of it.
  Error explain(int code, std::string tried, std::string on = {}, std::string advice = {}) const;

 private:
  struct Block;
  template <class F>
  bool exists(F member) const noexcept;
  Block* block_ = nullptr;  // what the loop knows of us; outlives us until closed()
  poe_loop* loop_ = nullptr;
  const poe_loop_plugin* plugin_ = nullptr;
  const poe_loop_ops* ops_ = nullptr;
  bool guest_ = false;
  std::int64_t armed_ = POE_NEVER_NS;
  std::thread::id thread_{};
};

}  // namespace poe
