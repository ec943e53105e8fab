// SPDX-License-Identifier: MIT
//
// `poe check`: the conformance kit (plugins/kit) on one loop plug-in.
#pragma once

#include <string>
#include <vector>

namespace poe::tool {

struct CheckOptions {
  std::string plugin{};   ///< a file (with a slash or .so), or a loop's name
  std::string profile{};  ///< empty: full, and what needs a host is left out where there is none
  std::string group{};    ///< empty: all
  std::string check{};    ///< empty: all
  std::string host{};     ///< adapter to a host program; empty: the one beside the plug-in
  double timeout_seconds = 30;
  std::string junit{};  ///< a file; empty: none
  std::vector<std::string> dirs{};
  bool json = false;
  bool list = false;
};

/// Prints to standard output; the exit code (exit_codes.hpp).
int check(const CheckOptions& options);

/// What the profiles are, a line each, for the help text.
std::string check_profiles();

}  // namespace poe::tool
