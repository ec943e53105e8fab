// SPDX-License-Identifier: MIT
#include "plugin_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <memory>
#include <optional>
#include <system_error>

#include "elf_note.hpp"
#include "trust.hpp"

namespace poe::host_room {

namespace {

constexpr std::string_view kPrefix = "libpoe_loop_";
constexpr std::string_view kSuffix = ".so";
constexpr const char* kTrustTried = "check who may change it";

tl::unexpected<Refusal> untrusted(Distrust distrust) {
  return refused(Errc::untrusted, std::move(distrust.why), kTrustTried, std::move(distrust.advice));
}

tl::unexpected<Refusal> unreadable(int number, const std::string& tried) {
  return refused(Errc::no_loop, std::generic_category().message(number), tried,
                 "make the file readable for the user who runs this, or remove it");
}

std::string file_name(const PluginFile& file) { return std::string(kPrefix) + file.name + std::string(kSuffix); }

Checked<Fd> open_folder(const PluginFile& file, const Believed& by, std::vector<std::string>& warnings) {
  Fd folder(open(file.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat found {};
  if (!folder || fstat(folder.get(), &found) != 0) return unreadable(errno, "open the folder " + file.folder);
  if (auto bad = distrust(found, "the folder " + file.folder, file.folder, by, warnings)) return untrusted(*bad);
  if (auto bad = distrust_above(file.folder, by)) return untrusted(*bad);
  return folder;
}

/// A link is followed once, and only to a name in the same folder (libfoo.so -> libfoo.so.1).
Checked<Fd> open_in(const Fd& folder, const std::string& name) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;  // non-blocking: it might be a fifo
  Fd file(openat(folder.get(), name.c_str(), kFlags));
  if (file) return file;
  if (errno != ELOOP) return unreadable(errno, "open it");
  char target[PATH_MAX];
  const ssize_t size = readlinkat(folder.get(), name.c_str(), target, sizeof target - 1);
  const std::string to(target, size > 0 ? static_cast<std::size_t>(size) : 0);
  if (to.empty() || to.find('/') != std::string::npos)
    return refused(Errc::untrusted, "the file is a link out of its folder, to " + to, "open it without following links",
                   "put the file itself there, or add its own folder to POE_LOOP_PATH");
  file = Fd(openat(folder.get(), to.c_str(), kFlags));
  if (!file) return unreadable(errno, "open " + to + ", to which it links");
  return file;
}

/// Whether the note is one this kernel can work with.
std::optional<Refusal> misfit(const poe_loop_note& note, const PluginFile& file) {
  constexpr const char* kTried = "read its ELF note .note.poe.loop";
  if (note.abi_major != POE_LOOP_ABI_MAJOR)
    return Refusal{
        Errc::abi_mismatch,
        "ABI major " + std::to_string(note.abi_major) + ", this kernel speaks " + std::to_string(POE_LOOP_ABI_MAJOR),
        kTried, "rebuild the plug-in against this release, or pick another loop with POE_EVENT_LOOP"};
  if (file.name != note.name)
    return Refusal{Errc::not_a_plugin, "the file says it is loop \"" + std::string(note.name) + "\"", kTried,
                   "name the file libpoe_loop_" + std::string(note.name) + ".so"};
  return std::nullopt;
}

}  // namespace

std::string PluginFile::path() const { return folder + "/" + file_name(*this); }

bool well_formed(std::string_view name) noexcept {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() < sizeof poe_loop_note::name && std::all_of(name.begin(), name.end(), allowed);
}

std::vector<PluginFile> plugin_files(const Folder& folder) {
  std::vector<PluginFile> files;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(opendir(folder.path.c_str()), &closedir);
  if (!listing) return files;
  while (const dirent* entry = readdir(listing.get())) {
    const std::string_view name(entry->d_name);
    if (name.size() <= kPrefix.size() + kSuffix.size() || !name.starts_with(kPrefix) || !name.ends_with(kSuffix))
      continue;
    const auto inner = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
    files.push_back({std::string(inner), folder.path, folder.origin});
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

Checked<CheckedFile> check(const PluginFile& file, poe_loop_note* ret_note) {
  if (!well_formed(file.name))
    return refused(Errc::invalid_argument, "a loop's name is 1 to 31 of a-z, 0-9 and _", "read its name",
                   "give the file and the loop another name");
  CheckedFile checked;
  const Believed by = believed(file.origin);
  auto folder = open_folder(file, by, checked.warnings);
  if (!folder) return tl::unexpected(folder.error());
  auto opened = open_in(*folder, file_name(file));
  if (!opened) return tl::unexpected(opened.error());
  checked.fd = std::move(*opened);
  if (fstat(checked.fd.get(), &checked.identity) != 0) return unreadable(errno, "look at it");
  if (!S_ISREG(checked.identity.st_mode))
    return refused(Errc::not_a_plugin, "it is no regular file", "look at it", "remove it from this folder");
  if (auto bad = distrust(checked.identity, "the file", file.path(), by, checked.warnings)) return untrusted(*bad);
  auto note = read_loop_note(checked.fd.get(), checked.identity.st_size);
  if (!note) return tl::unexpected(note.error());
  if (ret_note) *ret_note = *note;
  if (auto bad = misfit(*note, file)) return tl::unexpected(*bad);
  checked.note = *note;
  return checked;
}

}  // namespace poe::host_room
