// SPDX-License-Identifier: MIT
#include "elf_note.hpp"

#include <elf.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "own_object.hpp"

// Why by hand although libelf exists: one fixed header, one table and one list; libelf would be a new run-time
// dependency of every program.
namespace poe::host_room {

namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);
constexpr std::size_t kMaxNoteBytes = 64 * 1024;  // of one note segment; real ones have a few hundred
constexpr std::size_t kNoteSize10 = sizeof(poe_loop_note);

/// Its first page is read at once: mostly all that is asked for lies in it.
struct File {
  int fd;
  std::uint64_t size;
  std::array<char, 4096> head{};
  std::uint64_t head_size = 0;

  File(int number, off_t bytes) : fd(number), size(static_cast<std::uint64_t>(bytes)) {
    const ssize_t got = pread(fd, head.data(), head.size(), 0);
    if (got > 0) head_size = std::min(static_cast<std::uint64_t>(got), size);
  }

  bool read(void* into, std::uint64_t count, std::uint64_t offset) const {
    if (offset > size || count > size - offset) return false;
    auto* at = static_cast<char*>(into);
    if (offset <= head_size && count <= head_size - offset) {
      if (count > 0) std::memcpy(at, head.data() + offset, count);
      return true;
    }
    while (count > 0) {
      const ssize_t got = pread(fd, at, count, static_cast<off_t>(offset));
      if (got <= 0) return false;
      at += got, count -= static_cast<std::uint64_t>(got), offset += static_cast<std::uint64_t>(got);
    }
    return true;
  }
};

tl::unexpected<Refusal> no_plugin(std::string why, std::string tried, std::string advice) {
  return refused(Errc::not_a_plugin, std::move(why), std::move(tried), std::move(advice));
}

tl::unexpected<Refusal> cut_short(const File& file) {
  return no_plugin("the file is cut short: its headers point past its " + std::to_string(file.size) + " bytes",
                   "read its ELF headers", "build or install the plug-in again");
}

std::string machine_name(unsigned machine) {
  switch (machine) {
    case EM_386:
      return "x86";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "ARM";
    case EM_AARCH64:
      return "AArch64";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC 64";
    case EM_S390:
      return "S/390";
    default:
      return "ELF machine " + std::to_string(machine);
  }
}

/// "x86-64, 64 bits, little-endian"
std::string build_of(const unsigned char* ident, unsigned machine) {
  return machine_name(machine) + (ident[EI_CLASS] == ELFCLASS64 ? ", 64 bits" : ", 32 bits") +
         (ident[EI_DATA] == ELFDATA2LSB ? ", little-endian" : ", big-endian");
}

/// e_machine lies at the same place in 32 and 64 bits; a foreign byte order shows in the text, not here.
std::optional<tl::unexpected<Refusal>> wrong_build(const Header& header) {
  const OwnObject& own = own_object();
  if (!own.header) return std::nullopt;
  const bool same = std::memcmp(header.e_ident + EI_CLASS, own.header->e_ident + EI_CLASS, 2) == 0 &&
                    header.e_machine == own.header->e_machine;
  if (same) return std::nullopt;
  return no_plugin("the file is built for " + build_of(header.e_ident, header.e_machine) + ", this program for " +
                       build_of(own.header->e_ident, own.header->e_machine),
                   "read its ELF header", "build or install the plug-in for this machine");
}

/// The loop note in one PT_NOTE segment's bytes. Every step is checked against what is left.
std::optional<poe_loop_note> find_note(const std::vector<char>& bytes, std::size_t align) {
  const auto padded = [align](std::uint64_t size) { return (size + align - 1) / align * align; };
  std::uint64_t at = 0;
  ElfW(Nhdr) head;
  while (bytes.size() - at >= sizeof head) {
    std::memcpy(&head, bytes.data() + at, sizeof head);
    const std::uint64_t name_at = at + sizeof head;
    const std::uint64_t desc_at = at + padded(sizeof head + std::uint64_t{head.n_namesz});
    const std::uint64_t next = desc_at + padded(head.n_descsz);
    if (desc_at + head.n_descsz > bytes.size()) return std::nullopt;
    const bool ours = head.n_type == POE_LOOP_NOTE_TYPE && head.n_namesz == sizeof POE_LOOP_NOTE_NAME &&
                      head.n_descsz >= kNoteSize10 &&
                      std::memcmp(bytes.data() + name_at, POE_LOOP_NOTE_NAME, sizeof POE_LOOP_NOTE_NAME) == 0;
    poe_loop_note note;
    if (ours) std::memcpy(&note, bytes.data() + desc_at, sizeof note);
    if (ours && note.magic == POE_LOOP_MAGIC) return note;
    if (next > bytes.size()) return std::nullopt;
    at = next;
  }
  return std::nullopt;
}

/// Texts are zero-padded; a full field gets its last byte cut, so that they always end.
void end_texts(poe_loop_note& note) {
  note.name[sizeof note.name - 1] = '\0';
  note.version[sizeof note.version - 1] = '\0';
  note.host_sonames[sizeof note.host_sonames - 1] = '\0';
}

Checked<Header> read_header(const File& file) {
  unsigned char ident[EI_NIDENT];
  if (!file.read(ident, sizeof ident, 0) || std::memcmp(ident, ELFMAG, SELFMAG) != 0)
    return no_plugin("the file is no ELF shared object", "read its ELF header",
                     "put the built plug-in in its place, or remove the file");
  Header header{};
  if (!file.read(&header, sizeof header, 0)) return cut_short(file);
  if (auto wrong = wrong_build(header)) return std::move(*wrong);
  if (header.e_type != ET_DYN)
    return no_plugin("the file is an ELF file, but no shared object", "read its ELF header",
                     "link the plug-in with -shared");
  if (header.e_phentsize != sizeof(Segment)) return cut_short(file);
  return header;
}

}  // namespace

Checked<poe_loop_note> read_loop_note(int fd, off_t size) {
  const File file(fd, size);
  const auto header = read_header(file);
  if (!header) return tl::unexpected(header.error());
  std::vector<Segment> segments(header->e_phnum);
  if (!file.read(segments.data(), segments.size() * sizeof(Segment), header->e_phoff)) return cut_short(file);
  std::optional<poe_loop_note> found;
  for (const Segment& segment : segments) {
    if (segment.p_offset > file.size || segment.p_filesz > file.size - segment.p_offset) return cut_short(file);
    if (found || segment.p_type != PT_NOTE || segment.p_filesz > kMaxNoteBytes) continue;
    std::vector<char> bytes(segment.p_filesz);
    if (!file.read(bytes.data(), bytes.size(), segment.p_offset)) return cut_short(file);
    found = find_note(bytes, segment.p_align == 8 ? 8 : 4);
  }
  const std::uint64_t sections =
      std::uint64_t{header->e_shnum} * header->e_shentsize;  // not needed, but the file's end
  if (header->e_shoff > file.size || sections > file.size - header->e_shoff) return cut_short(file);
  if (!found)
    return no_plugin("the file is a shared object, but no loop plug-in: it has no note .note.poe.loop",
                     "find the ELF note by which a plug-in says its name and ABI",
                     "export the loop with POE_EXPORT_LOOP, or remove the file from this folder");
  end_texts(*found);
  return *found;
}

}  // namespace poe::host_room
