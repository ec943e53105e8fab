// SPDX-License-Identifier: MIT
//
// The ELF object this code was linked into: libpoe.so, or a program that has us inside. Plug-ins are looked for beside
// it, must be built for the same machine, and may belong to whoever owns it.
#pragma once

#include <elf.h>
#include <link.h>

#include <string>

namespace poe::host_room {

struct OwnObject {
  std::string path;                     ///< canonical; empty if it cannot be told (loaded by a relative name)
  bool is_program = false;              ///< we are inside the executable
  const ElfW(Ehdr) * header = nullptr;  ///< mapped, for ever
};

const OwnObject& own_object();

/// The canonical path, or "" with errno where there is no such file.
std::string canonical(const std::string& path);

/// The same for `base` + "/" + `below`, where `base` is canonical already: one system call for each part of `below`.
std::string canonical_below(const std::string& base, const std::string& below);

}  // namespace poe::host_room
