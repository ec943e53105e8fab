// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "capability_names.hpp"
#include "contract.hpp"
#include "environment.hpp"
#include "plugin_file.hpp"
#include "poe/near_names.hpp"
#include "poe/plugin.hpp"
#include "rank.hpp"
#include "search_path.hpp"
#include "shared_object.hpp"
#include "words.hpp"

namespace poe {

namespace room = host_room;

struct LoopRegistry::State {
  std::vector<room::Folder> folders;
  std::vector<room::PluginFile> files;  ///< in search order

  const room::PluginFile* first(std::string_view name) const {
    const auto at = std::find_if(files.begin(), files.end(), [&](const auto& f) { return f.name == name; });
    return at == files.end() ? nullptr : &*at;
  }
};

namespace {

void turn_down(LoopCandidate& c, const room::Refusal& why) {
  const bool missing = why.why.starts_with(room::kMissingLibrary);
  c.status = missing ? LoopStatus::missing_library : LoopStatus::refused;
  c.reason = why.why;
  c.advice = why.advice;
  c.error = why.error(c.name, c.path);
}

void shadow(LoopCandidate& c, const std::string& by) {
  c.status = LoopStatus::shadowed;
  c.reason = "shadowed by " + by + ", which is found first";
  c.advice = "put its folder first in POE_LOOP_PATH to use it";
  c.error = Error(Errc::no_loop, "load loop", room::quoted(c.name), c.reason, c.advice).with("file", c.path);
}

void describe(LoopCandidate& c, const poe_loop_note& note) {
  c.abi_major = note.abi_major;
  c.abi_minor = note.abi_minor;
  c.version = note.version;
  c.host_sonames = room::split(note.host_sonames);
}

void describe(LoopCandidate& c, const poe_loop_plugin& plugin) {
  c.library = plugin.library;
  c.library_version = plugin.library_version;
  c.licence = plugin.licence;
  c.capabilities = room::capability_names(plugin);
  for (auto line = plugin.option_schema; line && *line; ++line) c.options.emplace_back(*line);
}

room::Checked<const poe_loop_plugin*> open_checked(const room::PluginFile& file, const room::CheckedFile& checked) {
  auto plugin = room::open_object(file, checked);
  if (!plugin) return plugin;
  if (auto bad = room::breach(**plugin, checked.note)) return tl::unexpected(*bad);
  return plugin;
}

LoopCandidate candidate(const room::PluginFile& file, bool opened) {
  LoopCandidate c;
  c.name = file.name;
  c.path = file.path();
  c.rank = room::rank_of(c.name);
  poe_loop_note note{};
  auto checked = room::check(file, &note);
  if (note.magic != 0) describe(c, note);
  if (!checked) return turn_down(c, checked.error()), c;
  c.warnings = checked->warnings;
  if (!opened) return c;
  const auto plugin = open_checked(file, *checked);
  if (plugin)
    describe(c, **plugin);
  else
    turn_down(c, plugin.error());
  return c;
}

/// Loops chosen by themselves first, best first, then by name; the shadowed below what shadows them.
void sort_for_people(std::vector<LoopCandidate>& all) {
  const auto key = [](const LoopCandidate& c) { return std::pair(c.rank == 0, c.rank); };
  std::stable_sort(all.begin(), all.end(), [&](const LoopCandidate& a, const LoopCandidate& b) {
    return key(a) != key(b) ? key(a) < key(b) : a.name < b.name;
  });
}

std::vector<LoopCandidate> judge_all(const std::vector<room::PluginFile>& files, bool opened) {
  std::vector<LoopCandidate> all;
  for (const room::PluginFile& file : files) {
    const auto first = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.name == file.name; });
    const bool shadowed = first != all.end();
    LoopCandidate c = candidate(file, opened && !shadowed);
    if (shadowed) shadow(c, first->path);
    all.push_back(std::move(c));
  }
  sort_for_people(all);
  return all;
}

std::vector<std::string> names_of(const std::vector<LoopCandidate>& all) {
  std::vector<std::string> names;
  for (const LoopCandidate& c : all)
    if (c.status == LoopStatus::usable) names.push_back(c.name);
  return names;
}

}  // namespace

std::string_view to_string(LoopStatus status) noexcept {
  switch (status) {
    case LoopStatus::usable:
      return "usable";
    case LoopStatus::refused:
      return "refused";
    case LoopStatus::missing_library:
      return "missing_library";
    case LoopStatus::shadowed:
      return "shadowed";
  }
  return "";
}

LoopRegistry::LoopRegistry(const std::vector<std::string>& folders) : state_(std::make_unique<State>()) {
  state_->folders = room::search_path(folders);
  for (const room::Folder& folder : state_->folders) {
    if (!folder.skipped.empty()) continue;
    auto files = room::plugin_files(folder);
    std::move(files.begin(), files.end(), std::back_inserter(state_->files));
  }
}

LoopRegistry::LoopRegistry(LoopRegistry&&) noexcept = default;
LoopRegistry& LoopRegistry::operator=(LoopRegistry&&) noexcept = default;
LoopRegistry::~LoopRegistry() = default;

std::vector<LoopFolder> LoopRegistry::folders() const {
  std::vector<LoopFolder> all;
  for (const room::Folder& f : state_->folders) all.push_back({f.path, room::to_string(f.origin), f.skipped});
  return all;
}

std::vector<LoopCandidate> LoopRegistry::candidates() const { return judge_all(state_->files, false); }
std::vector<LoopCandidate> LoopRegistry::inspect() const { return judge_all(state_->files, true); }

std::string LoopRegistry::summary() const {
  std::vector<std::string> words;
  for (const LoopCandidate& c : candidates())
    if (c.status == LoopStatus::usable) words.push_back(c.name + " " + c.version);
  return words.empty() ? "no usable loop at all" : room::joined(words) + " (poe loops lists them)";
}

Result<const poe_loop_plugin*> LoopRegistry::load(std::string_view name, std::vector<std::string>* warnings) const {
  const room::PluginFile* file = state_->first(name);
  if (!file) return failure(not_found(name));
  auto checked = room::check(*file);
  if (!checked) return failure(checked.error().error(file->name, file->path()).with("found", summary()));
  if (warnings) std::move(checked->warnings.begin(), checked->warnings.end(), std::back_inserter(*warnings));
  const auto plugin = open_checked(*file, *checked);
  if (!plugin) return failure(plugin.error().error(file->name, file->path()).with("found", summary()));
  return *plugin;
}

Error LoopRegistry::not_found(std::string_view name) const {
  const std::string file = "libpoe_loop_" + std::string(name) + ".so";
  Error error(Errc::no_loop, "load loop", room::quoted(name), "there is no " + file + " in the search path",
              "install the plug-in, name its folder in POE_LOOP_PATH, or pick another loop with POE_EVENT_LOOP");
  for (const room::Folder& f : state_->folders)
    error.with("tried", (f.path.empty() ? "(empty)" : f.path) + (f.skipped.empty() ? "" : ": " + f.skipped));
  const auto near = near_names(name, names_of(candidates()));
  if (!near.empty()) error.with("near", room::joined(near));
  for (const std::string& variable : room::ignored_variables())
    error.with("note", variable + " is ignored: this process runs with raised privileges");
  return error.with("found", summary());
}

}  // namespace poe
