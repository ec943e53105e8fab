// SPDX-License-Identifier: MIT
//
// Filling in what is known of a loop.
#pragma once

#include "poe/loop_abi.h"
#include "poe/plugin.hpp"

namespace poe::host_room {

/// What only the plug-in itself can tell: its library, capabilities and options.
void describe(LoopCandidate& candidate, const poe_loop_plugin& plugin);

/// A loop that is linked in, whole.
LoopCandidate built_in_candidate(const poe_loop_plugin& plugin);

}  // namespace poe::host_room
