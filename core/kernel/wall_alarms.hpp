// SPDX-License-Identifier: MIT
//
// Alarms that follow the wall clock. Inside they are timers of the kernel's clock, set again when the wall clock was:
// Linux tells of that through a timerfd; where there is none, an alarm is looked at again at least each second.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "poe/fd.hpp"
#include "poe/handles.hpp"

namespace poe {

class WallAlarms {
 public:
  bool empty() const noexcept { return alarms_.empty(); }
  void set(std::uint32_t timer, std::int64_t wall) { alarms_[timer] = {next_++, wall}; }
  void remove(std::uint32_t timer) noexcept { alarms_.erase(timer); }
  std::int64_t due(std::uint32_t timer) const { return alarms_.at(timer).second; }
  /// All of them, the oldest first, with the times they wait for.
  std::vector<std::pair<std::uint32_t, std::int64_t>> in_order() const;

  /// When `wall` will be by the kernel's clock. Alarms of one wall time get one time, unless the wall clock was set in
  /// between: the difference of the two clocks is measured anew only if it has changed by a millisecond.
  std::int64_t by_kernel_clock(std::int64_t wall, std::int64_t wall_now, std::int64_t kernel_now) noexcept;

  Fd changes;           ///< readable when the wall clock was set; -1: nobody tells
  Watch changes_watch;  ///< on it; declared after it, for a watch is forgotten before its descriptor is closed

 private:
  std::map<std::uint32_t, std::pair<std::uint64_t, std::int64_t>> alarms_;  // timer -> age, wall time
  std::uint64_t next_ = 0;
  std::int64_t difference_ = INT64_MIN;  // kernel clock minus wall clock
};

}  // namespace poe
