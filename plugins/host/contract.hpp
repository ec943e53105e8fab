// SPDX-License-Identifier: MIT
//
// Whether what a plug-in says of itself keeps the Loop ABI: numbers, sizes, texts, required ops, and capabilities that
// have their op. The loader judges, not the plug-in (loop-abi rule 15).
#pragma once

#include <optional>

#include "plugin_file.hpp"

namespace poe::host_room {

/// nullopt: the kernel can work with it.
std::optional<Refusal> breach(const poe_loop_plugin& plugin, const poe_loop_note& note);

}  // namespace poe::host_room
