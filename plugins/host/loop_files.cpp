// SPDX-License-Identifier: MIT
#include "loop_files.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "allow_list.hpp"
#include "candidate.hpp"
#include "contract.hpp"
#include "environment.hpp"
#include "plugin_file.hpp"
#include "rank.hpp"
#include "search_path.hpp"
#include "shared_object.hpp"
#include "words.hpp"

namespace poe::host_room {

struct LoopFiles::State {
  SearchPath path;
  std::vector<AllowList> lists;
  std::optional<std::vector<PluginFile>> listed{};  ///< all, in search order; once somebody wanted to know
  std::map<std::string, PluginFile> found{};        ///< of loops that were asked for by name

  const std::vector<PluginFile>& files() {
    if (listed) return *listed;
    listed.emplace();
    for (const Folder& folder : path.all()) {
      if (!folder.skipped.empty()) continue;
      auto files = plugin_files(folder);
      std::move(files.begin(), files.end(), std::back_inserter(*listed));
    }
    return *listed;
  }

  const PluginFile* first(std::string_view name) {
    if (listed || !well_formed(name)) return first_listed(name);
    const std::string key(name);
    if (const auto known = found.find(key); known != found.end()) return &known->second;
    for (std::size_t i = 0; const Folder* folder = path.at(i); ++i) {
      if (!folder->skipped.empty()) continue;
      if (auto file = plugin_file(*folder, name)) return &found.emplace(key, std::move(*file)).first->second;
    }
    return nullptr;
  }

 private:
  const PluginFile* first_listed(std::string_view name) {
    const auto& all = files();
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& f) { return f.name == name; });
    return at == all.end() ? nullptr : &*at;
  }
};

namespace {

void turn_down(LoopCandidate& c, const Refusal& why) {
  const bool missing = why.why.starts_with(kMissingLibrary);
  c.status = missing ? LoopStatus::missing_library : LoopStatus::refused;
  c.reason = why.why;
  c.advice = why.advice;
  c.error = why.error(c.name, c.path);
}

void shadow(LoopCandidate& c, const LoopCandidate& by) {
  c.status = LoopStatus::shadowed;
  c.reason = by.built_in ? "shadowed by the loop of that name that is built in"
                         : "shadowed by " + by.path + ", which is found first";
  c.advice = by.built_in ? "" : "put its folder first in POE_LOOP_PATH to use it";
  c.error = Error(Errc::no_loop, "load loop", quoted(c.name), c.reason, c.advice).with("file", c.path);
}

void add_note(LoopCandidate& c, const poe_loop_note& note) {
  c.abi_major = note.abi_major;
  c.abi_minor = note.abi_minor;
  c.version = note.version;
  c.host_sonames = split(note.host_sonames);
}

Checked<const poe_loop_plugin*> open_checked(const PluginFile& file, const CheckedFile& checked) {
  auto plugin = open_object(file, checked);
  if (!plugin) return plugin;
  if (auto bad = breach(**plugin, checked.note)) return tl::unexpected(*bad);
  return plugin;
}

void add_warnings(const CheckedFile& checked, std::vector<std::string>* warnings) {
  if (warnings) warnings->insert(warnings->end(), checked.warnings.begin(), checked.warnings.end());
}

LoopCandidate candidate(const PluginFile& file, const std::vector<AllowList>& lists, bool opened) {
  LoopCandidate c;
  c.name = file.name;
  c.path = file.path();
  c.rank = rank_of(c.name);
  poe_loop_note note{};
  auto checked = check(file, lists, opened ? Purpose::opening : Purpose::judging, &note);
  if (note.magic != 0) add_note(c, note);
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

}  // namespace

LoopFiles::LoopFiles(const std::vector<std::string>& folders, const std::string& allow_list)
    : state_(new State{SearchPath(folders), allow_lists(allow_list)}) {}

LoopFiles::~LoopFiles() = default;

std::vector<LoopFolder> LoopFiles::folders() const {
  std::vector<LoopFolder> all;
  for (const Folder& f : state_->path.all()) all.push_back({f.path, to_string(f.origin), f.skipped});
  return all;
}

void LoopFiles::judge(bool opened, std::vector<LoopCandidate>& all) const {
  for (const PluginFile& file : state_->files()) {
    const auto first = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.name == file.name; });
    const bool shadowed = first != all.end();
    LoopCandidate c = candidate(file, state_->lists, opened && !shadowed);
    if (shadowed) shadow(c, *first);
    all.push_back(std::move(c));
  }
}

bool LoopFiles::has(std::string_view name) const { return state_->first(name) != nullptr; }

Result<const poe_loop_plugin*> LoopFiles::load(std::string_view name, std::vector<std::string>* warnings) const {
  const PluginFile& file = *state_->first(name);
  auto checked = check(file, state_->lists, Purpose::opening);
  if (!checked) return failure(checked.error().error(file.name, file.path()));
  add_warnings(*checked, warnings);
  const auto plugin = open_checked(file, *checked);
  if (!plugin) return failure(plugin.error().error(file.name, file.path()));
  return *plugin;
}

Result<void*> LoopFiles::load_beside(std::string_view name, const std::string& file, const char* symbol,
                                     std::vector<std::string>* warnings) const {
  const PluginFile& plugin = *state_->first(name);
  const std::string path = plugin.folder + "/" + file;
  const auto refuse = [&](const Refusal& r) {
    Error error(r.code, "open what lies beside loop", quoted(name), r.why, r.advice);
    return failure(error.with("file", path).with("tried", r.tried));
  };
  if (file.find('/') != std::string::npos)
    return refuse({Errc::invalid_argument, "a file beside a loop has a name and no folder", "read its name",
                   "give the name alone"});
  auto checked = check_beside(plugin, file, state_->lists);
  if (!checked) return refuse(checked.error());
  add_warnings(*checked, warnings);
  const auto found = open_symbol(path, *checked, symbol, "export it, and keep the symbol visible");
  if (!found) return refuse(found.error());
  return *found;
}

Error LoopFiles::absent(std::string_view name) const {
  const std::string file = "libpoe_loop_" + std::string(name) + ".so";
  Error error(Errc::no_loop, "load loop", quoted(name), "there is no " + file + " in the search path",
              "install the plug-in, name its folder in POE_LOOP_PATH, or pick another loop with POE_EVENT_LOOP");
  for (const Folder& f : state_->path.all())
    error.with("tried", (f.path.empty() ? "(empty)" : f.path) + (f.skipped.empty() ? "" : ": " + f.skipped));
  return error;
}

std::string LoopFiles::advice_for_none() { return "install the plug-ins, or name their folder in POE_LOOP_PATH"; }

}  // namespace poe::host_room
