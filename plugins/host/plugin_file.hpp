// SPDX-License-Identifier: MIT
//
// One plug-in file on disk: found by its name, opened without following a link out of its folder, trusted by owner and
// mode, and its note read. What is checked is the opened descriptor, never the name.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "allow_list.hpp"
#include "poe/fd.hpp"
#include "poe/loop_abi.h"
#include "refusal.hpp"
#include "search_path.hpp"
#include "sha256.hpp"

namespace poe::host_room {

struct PluginFile {
  std::string name;    ///< between "libpoe_loop_" and ".so"; may be ill-formed
  std::string folder;  ///< canonical
  Origin origin;

  std::string path() const;
};

/// What a file is checked for. One that is only judged is not copied, and cannot be opened.
enum class Purpose { judging, opening };

/// A file that passed every check that needs no code of it to run.
struct CheckedFile {
  Fd fd;                           ///< the file, or a sealed copy of it; none if it was only judged
  struct stat identity {};         ///< of the file
  off_t size = 0;                  ///< of what `fd` is, in bytes
  poe_loop_note note{};            ///< right major, right name; of a plug-in
  std::optional<Digest> digest{};  ///< of the sealed copy, if it is one
  std::vector<std::string> warnings{};
};

/// The files in `folder` that are named like plug-ins, sorted by name.
std::vector<PluginFile> plugin_files(const Folder& folder);

/// The one of them for a loop, without reading the whole folder. Before: well_formed(name).
std::optional<PluginFile> plugin_file(const Folder& folder, std::string_view name);

/// Codes: no_loop (gone or unreadable), untrusted, not_a_plugin, abi_mismatch, invalid_argument (its name).
/// `*ret_note`, if given, is set as soon as the note was read, also when the file is refused for it.
/// @param lists  each must have it; if there are any, what is to be opened is a sealed copy
Checked<CheckedFile> check(const PluginFile& file, const std::vector<AllowList>& lists, Purpose purpose,
                           poe_loop_note* ret_note = nullptr);

/// The file `name` in the plug-in's folder, to be opened: trusted and listed as a plug-in is, and asked for no note.
/// Codes: no_loop (gone or unreadable), untrusted, not_a_plugin (no regular file).
Checked<CheckedFile> check_beside(const PluginFile& file, const std::string& name, const std::vector<AllowList>& lists);

}  // namespace poe::host_room
