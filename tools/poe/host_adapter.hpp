// SPDX-License-Identifier: MIT
//
// The adapter to a host program that the guest checks of a loop need: which file it is, and whether it may run.
#pragma once

#include <poe/loop_kit_run.h>

#include <string>

namespace poe::tool {

/// A plug-in, where it lies, and how it came: by its name through the loader's rules of trust, or as a file that the
/// caller named, of which nothing is asked.
struct CheckedPlugin {
  const poe_loop_plugin* plugin;
  std::string path;
  bool by_name;
};

/// Sets `target.foreign` to the adapter `named`, else to the one beside the plug-in, if there is one. False, and said
/// on standard error: it cannot be used. Beside a plug-in found by name it must be trusted as that is: a regular file,
/// no link, of root, of this user, or of the plug-in's owner, that not everybody may write.
bool find_host(const std::string& named, const CheckedPlugin& plugin, poe_kit_target& target);

}  // namespace poe::tool
