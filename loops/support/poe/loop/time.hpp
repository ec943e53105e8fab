// SPDX-License-Identifier: MIT
//
// Time as the Loop ABI counts it: nanoseconds in an int64_t, rounded up where a system call is coarser, because a
// deadline may be late but never early. Free functions without state: any thread, signal-safe.
#pragma once

#include <climits>
#include <cstdint>
#include <ctime>

#include "poe/loop_abi.h"

namespace poe::loop {

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;
inline constexpr std::int64_t kNsPerMs = 1'000'000;
inline constexpr std::int64_t kNsPerUs = 1'000;

/// CLOCK_MONOTONIC in nanoseconds: the clock of every loop without a now() of its own.
inline std::int64_t monotonic_ns() noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::int64_t>(t.tv_sec) * kNsPerSecond + t.tv_nsec;
}

/// `ns` in units of `unit_ns`, rounded up; negative becomes 0.
constexpr std::int64_t rounded_up(std::int64_t ns, std::int64_t unit_ns) noexcept {
  return ns <= 0 ? 0 : ns / unit_ns + (ns % unit_ns != 0 ? 1 : 0);
}

/// Milliseconds for poll(2) and its like: rounded up, at most INT_MAX (24 days: the caller then waits again),
/// -1 for POE_NEVER_NS.
constexpr int poll_ms(std::int64_t ns) noexcept {
  if (ns == POE_NEVER_NS) return -1;
  const std::int64_t ms = rounded_up(ns, kNsPerMs);
  return ms > INT_MAX ? INT_MAX : static_cast<int>(ms);
}

/// `ns` (not negative) as a timespec.
constexpr timespec to_timespec(std::int64_t ns) noexcept {
  timespec t{};
  t.tv_sec = static_cast<time_t>(ns / kNsPerSecond);
  t.tv_nsec = static_cast<long>(ns % kNsPerSecond);
  return t;
}

/// How long from `now_ns` until `deadline_ns`: 0 when it has passed (POE_NOW_NS included), POE_NEVER_NS for none.
constexpr std::int64_t ns_until(std::int64_t deadline_ns, std::int64_t now_ns) noexcept {
  if (deadline_ns == POE_NEVER_NS) return POE_NEVER_NS;
  return deadline_ns <= now_ns ? 0 : deadline_ns - now_ns;
}

}  // namespace poe::loop
