// SPDX-License-Identifier: MIT
#include "plugin_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "elf_note.hpp"
#include "sealed_copy.hpp"
#include "trusted_file.hpp"
#include "words.hpp"

namespace poe::host_room {

namespace {

constexpr std::string_view kPrefix = "libpoe_loop_";
constexpr std::string_view kSuffix = ".so";

std::string file_name(const PluginFile& file) { return std::string(kPrefix) + file.name + std::string(kSuffix); }

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

/// What owner and mode let through.
Checked<CheckedFile> trusted(const PluginFile& file, const std::string& name, const std::string& link_advice) {
  CheckedFile checked;
  auto opened = open_trusted(file.folder, name, believed(file.origin), checked.warnings, link_advice);
  if (!opened) return tl::unexpected(opened.error());
  checked.fd = std::move(opened->fd);
  checked.identity = opened->identity;
  checked.size = checked.identity.st_size;
  return checked;
}

/// Exchanges the file for a copy of it that nobody can change, for its hash to mean something.
Checked<Digest> seal(CheckedFile& checked, const std::string& name) {
  auto copy = sealed_copy(checked.fd.get(), name);
  if (!copy) return tl::unexpected(copy.error());
  checked.fd = std::move(copy->fd);
  checked.size = copy->size;
  checked.digest = copy->digest;
  return copy->digest;
}

/// What the lists say to a content; adds their warnings.
std::optional<Refusal> unlisted(CheckedFile& checked, const Digest& content, const std::string& path,
                                const std::vector<AllowList>& lists) {
  for (const AllowList& list : lists)
    if (auto bad = list.objection(content, path)) return bad;
  for (const AllowList& list : lists)
    checked.warnings.insert(checked.warnings.end(), list.warnings().begin(), list.warnings().end());
  return std::nullopt;
}

}  // namespace

std::string PluginFile::path() const { return folder + "/" + file_name(*this); }

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

std::optional<PluginFile> plugin_file(const Folder& folder, std::string_view name) {
  PluginFile file{std::string(name), folder.path, folder.origin};
  struct stat found {};
  if (lstat(file.path().c_str(), &found) != 0) {
    if (errno == ENOENT) return std::nullopt;
    const auto all = plugin_files(folder);  // there may be names in it that cannot be looked up
    const auto at = std::find_if(all.begin(), all.end(), [&](const PluginFile& f) { return f.name == name; });
    return at == all.end() ? std::nullopt : std::optional(*at);
  }
  // In a folder that cannot be read no file is found, whatever can be looked up.
  if (faccessat(AT_FDCWD, folder.path.c_str(), R_OK, AT_EACCESS) != 0) return std::nullopt;
  return file;
}

Checked<CheckedFile> check(const PluginFile& file, const std::vector<AllowList>& lists, Purpose purpose,
                           poe_loop_note* ret_note) {
  if (!well_formed(file.name))
    return refused(Errc::invalid_argument, "a loop's name is 1 to 31 of a-z, 0-9 and _", "read its name",
                   "give the file and the loop another name");
  auto checked = trusted(file, file_name(file), "put the file itself there, or add its own folder to POE_LOOP_PATH");
  if (!checked) return checked;
  Checked<Digest> content;
  if (!lists.empty())
    content = purpose == Purpose::opening ? seal(*checked, file_name(file)) : digest_of(checked->fd.get());
  if (!content) return tl::unexpected(content.error());
  auto note = read_loop_note(checked->fd.get(), checked->size);
  if (!note) return tl::unexpected(note.error());
  if (ret_note) *ret_note = *note;
  if (auto bad = misfit(*note, file)) return tl::unexpected(*bad);
  if (auto bad = unlisted(*checked, *content, file.path(), lists)) return tl::unexpected(*bad);
  if (purpose == Purpose::judging) checked->fd.reset();
  checked->note = *note;
  return checked;
}

Checked<CheckedFile> check_beside(const PluginFile& file, const std::string& name,
                                  const std::vector<AllowList>& lists) {
  auto checked = trusted(file, name, "put the file itself there");
  if (!checked || lists.empty()) return checked;
  const auto content = seal(*checked, name);
  if (!content) return tl::unexpected(content.error());
  if (auto bad = unlisted(*checked, *content, file.folder + "/" + name, lists)) return tl::unexpected(*bad);
  return checked;
}

}  // namespace poe::host_room
