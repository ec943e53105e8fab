// SPDX-License-Identifier: MIT
#include "capability_names.hpp"

#include <array>

namespace poe::host_room {

namespace {
constexpr std::array kNames{"nested_step",   "priority",  "hangup_bit",   "error_bit",  "foreign",
                            "unref",         "own_clock", "pollable",     "run",        "nested_report",
                            "regular_files", "sub_ms",    "fork_abandon", "linear_wait"};
static_assert(kNames.size() == POE_CAP_LINEAR_WAIT + 1);
}  // namespace

bool has_capability(const poe_loop_plugin& plugin, unsigned bit) noexcept {
  return (plugin.capabilities[bit / 64] >> bit % 64 & 1) != 0;
}

std::vector<std::string> capability_names(const poe_loop_plugin& plugin) {
  std::vector<std::string> names;
  for (unsigned bit = 0; bit < 128; ++bit) {
    if (!has_capability(plugin, bit)) continue;
    names.push_back(bit < kNames.size() ? kNames[bit] : "bit " + std::to_string(bit));
  }
  return names;
}

}  // namespace poe::host_room
