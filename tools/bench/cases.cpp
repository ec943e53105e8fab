// SPDX-License-Identifier: MIT
#include "case.hpp"

namespace poe::bench {

std::vector<Case> all_cases() {
  constexpr std::uint64_t kTimers = 100'000;
  return {
      {"post", "post", Kind::post, Count::by_time, 20'000, 1, 1, true},
      {"ring", "ring_1000", Kind::ring, Count::by_time, 50'000, 1000, 1000, true},
      {"payload", "payload_int_string32", Kind::payload, Count::by_time, 20'000, 1, 1, true},
      {"timers", "timer_add", Kind::timer_add, Count::fixed, kTimers, 1, 1, false},
      {"timers", "timer_cancel", Kind::timer_cancel, Count::fixed, kTimers, 1, 1, false},
      {"timers", "timer_fire", Kind::timer_fire, Count::fixed, kTimers, 1, 1, false},
      {"timers", "timer_rearm_10k", Kind::timer_rearm, Count::fixed, 4 * kTimers, 10'000, 1, false},
      {"pipes", "pipes_1000_a1", Kind::pipes, Count::by_time, 1'000, 1000, 1, false},
      {"pipes", "pipes_1000_a100", Kind::pipes, Count::by_time, 5'000, 1000, 100, false},
      {"echo", "echo_64b_c1", Kind::echo, Count::fixed, 5'000, 1, 1, false},
      {"echo", "echo_64b_c64", Kind::echo, Count::fixed, 30'000, 64, 64, false},
      {"echo", "echo_64b_c1000", Kind::echo, Count::fixed, 30'000, 1000, 1000, false},
  };
}

std::uint64_t fixed_operations(const Case& which, const std::string& loop) {
  return which.suite == "timers" && loop == "qt" ? which.operations / 10 : which.operations;  // Qt searches a list
}

Aim aim_of(const Case& which, const std::string& peer) {
  constexpr double kMust = 2.0;  // never slower than twice the same library used directly
  const bool raw = peer.starts_with("raw-");
  switch (which.kind) {
    case Kind::post:
    case Kind::ring:
      // A bare ring buffer is the limit, not a rival: no look-up, no types, no lifetime.
      return {kMust, raw ? 2.0 : 1.0};
    case Kind::payload:
      return {kMust, raw ? 1.6 : 1.0};
    case Kind::timer_add:
    case Kind::timer_cancel:
    case Kind::timer_fire:
    case Kind::timer_rearm:
      return {kMust, raw ? 1.3 : 1.0};
    case Kind::pipes:
      return {kMust, 1.1};
    case Kind::echo:
      return {kMust, which.size == 1 ? 1.15 : 1.1};
  }
  return {kMust, 1.0};
}

}  // namespace poe::bench
