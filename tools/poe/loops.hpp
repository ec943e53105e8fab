// SPDX-License-Identifier: MIT
//
// `poe loops`: which event loops there are, and which one a program would get.
#pragma once

#include <string>
#include <vector>

namespace poe::tool {

struct LoopsOptions {
  bool explain = false;
  bool json = false;
  std::string loop{};               ///< as a program would ask for it; empty: not
  std::vector<std::string> dirs{};  ///< searched first
  std::string allow{};              ///< the allow-list's file; empty: none
};

/// What stands below the options in its help.
std::string loops_help();

/// Prints to standard output; the exit code (exit_codes.hpp).
int loops(const LoopsOptions& options);

}  // namespace poe::tool
