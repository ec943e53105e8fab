// SPDX-License-Identifier: MIT
//
// The ELF note by which a plug-in can be judged without running it: the same constants as in the descriptor, in
// section ".note.poe.loop". Built at compile time from the bridge class by POE_EXPORT_LOOP.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "poe/loop_abi.h"

namespace poe::loop {

/// One entry of an ELF note section: header, owner name, descriptor.
struct ElfNote {
  std::uint32_t name_size;
  std::uint32_t descriptor_size;
  std::uint32_t type;
  char owner[4];
  poe_loop_note descriptor;
};
static_assert(sizeof(POE_LOOP_NOTE_NAME) == sizeof(ElfNote::owner), "the owner name fills its four bytes");
static_assert(offsetof(ElfNote, descriptor) == 16, "nothing between owner and descriptor");

/// Copies a text into a zero-padded field; a text that does not fit with its final zero fails to compile.
template <std::size_t Size>
consteval void fill(char (&field)[Size], std::string_view text) {
  if (text.size() >= Size) throw "too long for poe_loop_note";
  std::copy(text.begin(), text.end(), field);
}

template <class L>
consteval ElfNote make_note() {
  ElfNote note{};
  note.name_size = sizeof note.owner;
  note.descriptor_size = sizeof note.descriptor;
  note.type = POE_LOOP_NOTE_TYPE;
  fill(note.owner, POE_LOOP_NOTE_NAME);
  note.descriptor.magic = POE_LOOP_MAGIC;
  note.descriptor.struct_size = sizeof note.descriptor;
  note.descriptor.abi_major = POE_LOOP_ABI_MAJOR;
  note.descriptor.abi_minor = POE_LOOP_ABI_MINOR;
  fill(note.descriptor.name, L::kName);
  fill(note.descriptor.version, L::kVersion);
  fill(note.descriptor.host_sonames, L::kHostSonames);
  return note;
}

}  // namespace poe::loop
