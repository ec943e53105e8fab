// SPDX-License-Identifier: MIT
//
// Which pairs to measure: from the suite and the filters of the command line.
#pragma once

#include <string>
#include <vector>

#include "measure.hpp"

namespace poe::bench {

struct Wanted {
  std::string suite = "all";
  std::vector<std::string> loops{};  ///< empty: all
  std::vector<std::string> cases{};  ///< empty: all
  bool limits = false;               ///< also beside bare code where no library does the work
};

std::vector<std::string> suite_names();  ///< "all" is the last
std::vector<std::string> loop_names();
std::vector<std::string> case_names();

/// All pairs wanted, case by case.
std::vector<Pair> plan(const Wanted& wanted);

}  // namespace poe::bench
