// SPDX-License-Identifier: MIT
//
// The capability bits of a plug-in as words for people.
#pragma once

#include <string>
#include <vector>

#include "poe/loop_abi.h"

namespace poe::host_room {

bool has_capability(const poe_loop_plugin& plugin, unsigned bit) noexcept;

/// "nested_step", "priority"…; a bit from a newer minor is "bit 17".
std::vector<std::string> capability_names(const poe_loop_plugin& plugin);

}  // namespace poe::host_room
