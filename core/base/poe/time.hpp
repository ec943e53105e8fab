// SPDX-License-Identifier: MIT
//
// The two words for time. All deadlines are on the loop's monotonic clock, which on a real loop is
// std::chrono::steady_clock and on the simulated one a clock of its own: ask Kernel::now(), not the clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace poe {

/// A length of time; nanoseconds in 64 bits, so about 292 years either way.
using Duration = std::chrono::nanoseconds;

/// A point on the loop's monotonic clock.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// "No limit" wherever a Duration bounds a wait.
/// A time of the wall clock, which people and other machines set. For everything else use TimePoint.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline constexpr Duration kForever = Duration::max();

/// `from + delay` without overflow: a sum past either end stays at that end.
constexpr TimePoint saturating_add(TimePoint from, Duration delay) noexcept {
  const std::int64_t base = from.time_since_epoch().count();
  const std::int64_t step = delay.count();
  if (step > 0 && base > INT64_MAX - step) return TimePoint::max();
  if (step < 0 && base < INT64_MIN - step) return TimePoint::min();
  return TimePoint(Duration(base + step));
}

}  // namespace poe
