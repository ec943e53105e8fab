// SPDX-License-Identifier: MIT
//
// The material that both sides work on, so that they do the same: random timer delays, the order of cancelling, the
// text of the payload.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <string_view>
#include <vector>

namespace poe::bench {

/// 32 characters: too long for std::string's own room, so that a message owns memory.
inline constexpr std::string_view kText = "thirty-two characters of payload";
static_assert(kText.size() == 32);

/// Delays of timers that do not fire during the run: 1 to 60 s, in ms.
inline std::vector<std::uint32_t> far_delays(std::size_t count) {
  std::mt19937 random(1);
  std::uniform_int_distribution<std::uint32_t> ms(1'000, 60'000);
  std::vector<std::uint32_t> delays(count);
  std::generate(delays.begin(), delays.end(), [&] { return ms(random); });
  return delays;
}

/// Delays of timers that are all due when the loop starts, after sleep_past_near(): 1 to 20 ms.
inline std::vector<std::uint32_t> near_delays(std::size_t count) {
  std::mt19937 random(2);
  std::uniform_int_distribution<std::uint32_t> ms(1, 20);
  std::vector<std::uint32_t> delays(count);
  std::generate(delays.begin(), delays.end(), [&] { return ms(random); });
  return delays;
}

/// Sleeps until timers set before have run out; costs no CPU time.
inline void sleep_past_near() noexcept {
  const timespec pause{0, 25'000'000};
  nanosleep(&pause, nullptr);
}

/// 0 to count - 1, shuffled.
inline std::vector<std::uint32_t> random_order(std::size_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), std::mt19937(3));
  return order;
}

/// `count` random numbers below `limit`.
inline std::vector<std::uint32_t> random_picks(std::size_t count, std::uint32_t limit) {
  std::mt19937 random(4);
  std::uniform_int_distribution<std::uint32_t> pick(0, limit - 1);
  std::vector<std::uint32_t> picks(count);
  std::generate(picks.begin(), picks.end(), [&] { return pick(random); });
  return picks;
}

}  // namespace poe::bench
