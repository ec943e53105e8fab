// SPDX-License-Identifier: MIT
//
// `poe tour`: the same sessions on every loop found, over real sockets, with real signals and children.
#pragma once

#include <string>
#include <vector>

namespace poe::tool {

struct TourOptions {
  std::vector<std::string> loops{};  ///< names; empty: every usable one
  std::vector<std::string> dirs{};   ///< searched first
  std::string file{};                ///< the text each client sends; empty: a licence text of the system
  unsigned clients = 50;             ///< at once, 1 to 10000
  unsigned limit_seconds = 60;       ///< for one loop
};

/// Prints progress while it runs and a table at the end; the exit code (exit_codes.hpp): kFailed if any loop failed.
int tour(const TourOptions& options);

}  // namespace poe::tool
