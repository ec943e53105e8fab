// SPDX-License-Identifier: MIT
//
// A file's SHA-256; and a copy of it in memory that nobody can change any more, not even the file's owner: what is
// hashed is then what is mapped.
#pragma once

#include <string>

#include "poe/fd.hpp"
#include "refusal.hpp"
#include "sha256.hpp"

namespace poe::host_room {

struct SealedCopy {
  Fd fd;           ///< sealed memfd(2), executable
  off_t size = 0;  ///< bytes
  Digest digest{};
};

/// @param from  readable, not moved
/// @param name  for /proc/self/maps
/// Code: untrusted, where the system gives no such memory, or the file cannot be read.
Checked<SealedCopy> sealed_copy(int from, const std::string& name);

/// Of the file as it is now: to judge it, not to open it.
/// @param from  readable, not moved
/// Code: untrusted, where the file cannot be read.
Checked<Digest> digest_of(int from);

}  // namespace poe::host_room
