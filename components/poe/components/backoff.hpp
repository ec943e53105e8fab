// SPDX-License-Identifier: MIT
//
// Backoff: how long to wait before the next attempt: longer each time, up to a cap, and spread at random so that a
// thousand clients of a server that went away do not all come back in the same millisecond.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

#include "poe/time.hpp"

namespace poe {

struct BackoffOptions {
  BackoffOptions() = default;
  Duration first = std::chrono::milliseconds(500);
  Duration cap = std::chrono::seconds(60);
  double factor = 2.0;  ///< 1 or more
  double jitter = 0.5;  ///< 0 to 1: each wait is that share shorter at most
};

/// Not thread-safe.
class Backoff {
 public:
  Backoff(BackoffOptions options, std::uint64_t seed)
      : options_(options), next_(options.first), random_(static_cast<std::uint_fast32_t>(seed % 2147483646U + 1)) {}

  /// The wait before the next attempt: between (1 - jitter) * w and w, w being first, first * factor, ... up to cap.
  Duration next() {
    const auto whole = static_cast<double>(std::min(next_, options_.cap).count());
    next_ = Duration(static_cast<std::int64_t>(
        std::min(whole * std::max(options_.factor, 1.0), static_cast<double>(options_.cap.count()))));
    const double share = std::clamp(options_.jitter, 0.0, 1.0) * std::uniform_real_distribution<>(0.0, 1.0)(random_);
    return Duration(static_cast<std::int64_t>(whole * (1.0 - share)));
  }
  void reset() noexcept { next_ = options_.first; }
  /// The longest the next wait may be.
  Duration longest() const noexcept { return std::min(next_, options_.cap); }

 private:
  BackoffOptions options_;
  Duration next_;
  std::minstd_rand random_;  // spread is all that is asked for, and its state is one word
};

}  // namespace poe
