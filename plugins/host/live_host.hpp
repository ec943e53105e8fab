// SPDX-License-Identifier: MIT
//
// Whether a host loop is live on this thread, without pulling a toolkit into the program: a plug-in is asked only if a
// library its note names is already there.
#pragma once

#include <string>
#include <vector>

#include "poe/loop_abi.h"
#include "poe/plugin.hpp"

namespace poe::host_room {

enum class Liveness : int {
  absent = 0,   ///< no host of this kind on this thread
  idle = 1,     ///< there is one, and it is not running
  running = 2,  ///< we are inside its run
};

struct Probed {
  const poe_loop_plugin* plugin = nullptr;
  Liveness liveness = Liveness::absent;
  void* foreign = nullptr;  ///< what create() takes
  std::string reason{};     ///< the plug-in's
};

/// Asks the plug-in about the calling thread.
Probed probe(const poe_loop_plugin& plugin);

/// The first of these libraries that is already loaded into this process, or "". Loads nothing.
std::string loaded_library(const std::vector<std::string>& sonames);

}  // namespace poe::host_room
