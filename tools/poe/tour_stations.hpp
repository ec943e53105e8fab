// SPDX-License-Identifier: MIT
//
// What the tour does on one loop: stations, one after the other, each a small program of sessions.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "poe/kernel.hpp"
#include "tour_text.hpp"

namespace poe::tool {

/// What came of the tour on one loop.
struct TourResult {
  std::string failed{};  ///< station and reason; empty: all is well
  bool simulated = false;
  std::uint64_t events = 0;  ///< handled, timers and reports of the loop included
  std::uint64_t lines = 0;   ///< sent back and checked
  std::uint64_t octets = 0;  ///< both ways
};

/// How far the stations are: a line for people. Called often; the callee decides what to show.
using TourProgress = std::function<void(const std::string& what)>;

/// Runs all stations on the kernel's loop. `simulated`: the loop has a world of its own, without signals and children.
TourResult run_stations(Kernel& kernel, const TourText& text, unsigned clients, Duration limit,
                        const TourProgress& progress);

}  // namespace poe::tool
