// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/fd.hpp"

namespace poe {

struct FileBeneath {
  Fd fd;
  struct stat status {};
};

/// Opens a regular file or a folder for reading, `path` of plain names beneath `folder`. Each name is opened in the
/// folder before it, and none may be a symbolic link, so nothing outside can be reached, whatever is renamed meanwhile.
/// Why not openat2(): RESOLVE_NO_SYMLINKS does the same in one call, but a filter of system calls or another system may
/// lack it, and then this is needed all the same.
///
/// @param path  names with single slashes between, at least one
/// Errors: errno values; ENOENT also for "", "." and ".." as a name, for hidden names unless `dotfiles`, and for what
/// is neither file nor folder. ENOTCONN: `folder` itself cannot be opened, see its reason.
Result<FileBeneath> open_beneath(const std::string& folder, std::string_view path, bool dotfiles);

}  // namespace poe
