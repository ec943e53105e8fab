// SPDX-License-Identifier: MIT
// Virtual time, and what will happen in it without the program's doing: bytes that arrive, connections that come
// about. Happenings of the same moment keep the order in which they were planned.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace poe::sim {

class Timeline {
 public:
  using Happening = std::function<void()>;

  static constexpr int64_t kStart = 1'000'000'000;  ///< ns; not 0, which tests could mistake for "unset"
  static constexpr int64_t kNever = INT64_MAX;

  /// Now, in nanoseconds. Any thread.
  int64_t now() const { return now_.load(std::memory_order_relaxed); }

  /// When the next happening is due, or kNever.
  int64_t next() const { return planned_.empty() ? kNever : planned_.begin()->first.first; }

  /// Plans `what` for `time`; a time in the past means: as soon as time is looked at again.
  void plan(int64_t time, Happening what);

  /// Goes forward to `time` (never back) and lets everything due by then happen, in order.
  void advance_to(int64_t time);

  /// `time` + `delay`, stopping at kNever.
  static int64_t later(int64_t time, int64_t delay) { return delay > kNever - time ? kNever : time + delay; }

 private:
  std::atomic<int64_t> now_{kStart};
  uint64_t count_ = 0;
  std::map<std::pair<int64_t, uint64_t>, Happening> planned_;
};

}  // namespace poe::sim
