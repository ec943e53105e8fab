// SPDX-License-Identifier: MIT
// What everything in the simulated world shares: the settings, the seeded choices and the time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "choices.hpp"
#include "settings.hpp"
#include "timeline.hpp"

namespace poe::sim {

struct Environment {
  explicit Environment(const Settings& s) : settings(s), choices(s.seed) {}

  /// How long something sent over the network now will travel, in nanoseconds.
  int64_t latency() {
    const auto range = static_cast<uint64_t>(settings.most_latency_ns - settings.least_latency_ns);
    return settings.least_latency_ns + static_cast<int64_t>(choices.below(Choice::kLatency, range + 1));
  }

  /// How much of `possible` bytes a read or write really does: now and then fewer, never none.
  size_t shortened(size_t possible) {
    constexpr uint64_t kRarity = 4;
    if (!settings.short_counts || possible < 2 || !choices.once_in(Choice::kShort, kRarity)) return possible;
    return 1 + static_cast<size_t>(choices.below(Choice::kShort, possible - 1));
  }

  Settings settings;
  Choices choices;
  Timeline time;
  std::atomic<int64_t> wall_step{0};  ///< by how much the wall clock was set; ns. Any thread
};

}  // namespace poe::sim
