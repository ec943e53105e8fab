// SPDX-License-Identifier: MIT
//
// What stations and the session that leads through them say to each other.
#pragma once

#include <string>

#include "poe/kernel.hpp"
#include "tour_stations.hpp"

namespace poe::tool {

/// To the guide: a station is done; the text is empty, or says what went wrong.
inline constexpr Event<std::string> station_done{"station_done"};

/// What all stations share. Outlives the kernel's run.
struct TourBag {
  const TourText& text;
  unsigned clients;
  const TourProgress& progress;
  TourResult& result;
  SessionId guide{};
};

// Each starts one station, which posts station_done to bag.guide in the end.
void start_counters(Kernel& kernel, TourBag& bag);
void start_echo(Kernel& kernel, TourBag& bag);
void start_timers(Kernel& kernel, TourBag& bag);
void start_signal(Kernel& kernel, TourBag& bag);
void start_child(Kernel& kernel, TourBag& bag);

}  // namespace poe::tool
