// SPDX-License-Identifier: MIT
//
// The adapter to a host program that the guest checks of a loop need: which file it is, and whether it may run.
#pragma once

#include <poe/loop_kit_run.h>

#include <optional>
#include <string>

#include "poe/plugin.hpp"

namespace poe::tool {

/// A plug-in, where it lies, and how it came.
struct CheckedPlugin {
  const poe_loop_plugin* plugin;
  std::string path;                      ///< empty: it is built in
  std::optional<LoopRegistry> found_in;  ///< by name, under the loader's rules; none: the caller named the file
};

/// Sets `target.foreign` to the adapter `named`, else to the one beside the plug-in, if there is one. False, and said
/// on standard error: it cannot be used. Beside a plug-in found by name it is held to what that is held to
/// (LoopRegistry::load_beside()).
bool find_host(const std::string& named, const CheckedPlugin& plugin, poe_kit_target& target);

}  // namespace poe::tool
