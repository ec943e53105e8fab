// SPDX-License-Identifier: MIT
//
// Opening a file so that nobody who is not trusted can have put it there, or can change it: folder and file are opened
// once, the file within the opened folder and without following a link out of it, and the descriptors are judged, never
// the names.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "poe/fd.hpp"
#include "refusal.hpp"
#include "trust.hpp"

namespace poe::host_room {

struct TrustedFile {
  Fd fd;  ///< readable, a regular file
  struct stat identity {};
};

/// @param folder    canonical
/// @param name      of the file in it
/// @param warnings  what is bad but tolerated is appended here
/// @param link_advice  what to do about a link that leads out of the folder
/// Codes: no_loop (gone or unreadable), untrusted, not_a_plugin (no regular file).
Checked<TrustedFile> open_trusted(const std::string& folder, const std::string& name, const Believed& by,
                                  std::vector<std::string>& warnings, const std::string& link_advice);

}  // namespace poe::host_room
