// SPDX-License-Identifier: MIT
//
// One plug-in file on disk: found by its name, opened without following a link out of its folder, trusted by owner and
// mode, and its note read. What is checked is the opened descriptor, never the name.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "poe/fd.hpp"
#include "poe/loop_abi.h"
#include "refusal.hpp"
#include "search_path.hpp"

namespace poe::host_room {

struct PluginFile {
  std::string name;    ///< between "libpoe_loop_" and ".so"; may be ill-formed
  std::string folder;  ///< canonical
  Origin origin;

  std::string path() const;
};

/// A file that passed every check that needs no code of it to run.
struct CheckedFile {
  Fd fd;
  struct stat identity {};
  poe_loop_note note{};  ///< right major, right name
  std::vector<std::string> warnings{};
};

/// 1 to 31 of a-z, 0-9 and _.
bool well_formed(std::string_view name) noexcept;

/// The files in `folder` that are named like plug-ins, sorted by name.
std::vector<PluginFile> plugin_files(const Folder& folder);

/// Codes: no_loop (gone or unreadable), untrusted, not_a_plugin, abi_mismatch, invalid_argument (its name).
/// `*ret_note`, if given, is set as soon as the note was read, also when the file is refused for it.
Checked<CheckedFile> check(const PluginFile& file, poe_loop_note* ret_note = nullptr);

}  // namespace poe::host_room
