// SPDX-License-Identifier: MIT
//
// One pair, measured: rounds in which our side and the peer alternate, who is first alternates too.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "case.hpp"
#include "run.hpp"

namespace poe::bench {

struct Pair {
  Case work;
  std::string loop;
  Subject peer;
  Subject ours = our_subject();
  Aim aim = aim_of(work, peer.name);
};

struct Effort {
  unsigned rounds = 5;
  double run_ns = 50e6;    ///< CPU time one run should take, where the number of operations is free
  std::uint64_t part = 1;  ///< divides the fixed numbers of operations
};

/// Numbers per operation, in `unit`.
struct Row {
  std::string work;
  std::string loop;
  std::string peer;
  const char* unit = "ns";
  std::vector<double> ours;  ///< one a round
  std::vector<double> peers;
  double syscalls = 0;
  double allocations = 0;
  Aim aim{};
  bool best = false;    ///< what counts is the best round of each side, not the median of the rounds
  std::string error{};  ///< not empty: no numbers, and why

  double ours_typical() const;  ///< the median, or the best
  double peer_typical() const;
  double ratio() const;  ///< median of the rounds' ratios; of their differences, if that is the aim; or of the bests
  bool met() const { return error.empty() && ratio() <= aim.must; }
};

double median(std::vector<double> values);

/// `progress` is told a short word now and then.
Row measure(const Pair& pair, const Effort& effort, const std::function<void(const std::string&)>& progress);

/// Why our side cannot run on that loop here; nothing if it can.
std::optional<std::string> cannot_run_on(const std::string& loop);

}  // namespace poe::bench
