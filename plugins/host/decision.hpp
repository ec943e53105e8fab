// SPDX-License-Identifier: MIT
//
// What was decided about the loop, and every reason on the way: for explain() and for one line in the log.
#pragma once

#include <map>
#include <string>

#include "poe/plugin.hpp"

namespace poe::host_room {

struct Decision {
  std::string asked{};                           ///< "POE_EVENT_LOOP=uv"; empty: nothing was asked for
  std::string chosen{};                          ///< loop name; empty: none, or not yet
  std::string why{};                             ///< one sentence
  std::map<std::string, std::string> remarks{};  ///< by loop name: why it was taken or turned down
};

/// Several lines for people: the decision, the folders, every candidate with its reason.
std::string explain(const Decision& decision, const LoopRegistry& registry);

}  // namespace poe::host_room
