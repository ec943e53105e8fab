// SPDX-License-Identifier: MIT
//
// The ELF note of a plug-in, read from the file: what can be known before any of its code runs. Trusts no number in
// the file; reads at most a few kilobytes.
#pragma once

#include <sys/types.h>

#include "poe/loop_abi.h"
#include "refusal.hpp"

namespace poe::host_room {

/// not_a_plugin: no ELF file, cut short, for another machine, or without the note. The ABI numbers are not judged.
/// @param fd    readable, not moved
/// @param size  of the file in bytes
Checked<poe_loop_note> read_loop_note(int fd, off_t size);

}  // namespace poe::host_room
