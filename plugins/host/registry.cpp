// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "built_in.hpp"
#include "candidate.hpp"
#include "environment.hpp"
#include "loop_files.hpp"
#include "poe/near_names.hpp"
#include "poe/plugin.hpp"
#include "words.hpp"

namespace poe {

namespace room = host_room;

struct LoopRegistry::State {
  room::LoopFiles files;

  std::vector<LoopCandidate> all(bool opened) const {
    std::vector<LoopCandidate> found;
    for (const room::LoopEntry entry : room::built_in_loops()) found.push_back(room::built_in_candidate(*entry()));
    files.judge(opened, found);
    return found;
  }
};

namespace {

/// Loops chosen by themselves first, best first, then by name; the shadowed below what shadows them.
std::vector<LoopCandidate> sorted_for_people(std::vector<LoopCandidate> all) {
  const auto key = [](const LoopCandidate& c) { return std::pair(c.rank == 0, c.rank); };
  std::stable_sort(all.begin(), all.end(), [&](const LoopCandidate& a, const LoopCandidate& b) {
    return key(a) != key(b) ? key(a) < key(b) : a.name < b.name;
  });
  return all;
}

std::vector<std::string> names_of(const std::vector<LoopCandidate>& all) {
  std::vector<std::string> names;
  for (const LoopCandidate& c : all)
    if (c.status == LoopStatus::usable) names.push_back(c.name);
  return names;
}

std::string summary_of(const std::vector<LoopCandidate>& all) {
  std::vector<std::string> words;
  for (const LoopCandidate& c : all)
    if (c.status == LoopStatus::usable) words.push_back(c.name + " " + c.version);
  return words.empty() ? "no usable loop at all" : room::joined(words) + " (poe loops lists them)";
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

LoopRegistry::LoopRegistry(const std::vector<std::string>& folders, const std::string& allow_list)
    : state_(new State{{folders, allow_list}}) {}

LoopRegistry::LoopRegistry(LoopRegistry&&) noexcept = default;
LoopRegistry& LoopRegistry::operator=(LoopRegistry&&) noexcept = default;
LoopRegistry::~LoopRegistry() = default;

std::vector<LoopFolder> LoopRegistry::folders() const { return state_->files.folders(); }
std::vector<LoopCandidate> LoopRegistry::candidates() const { return sorted_for_people(state_->all(false)); }
std::vector<LoopCandidate> LoopRegistry::inspect() const { return sorted_for_people(state_->all(true)); }

std::string LoopRegistry::summary() const { return summary_of(candidates()); }

Result<const poe_loop_plugin*> LoopRegistry::load(std::string_view name, std::vector<std::string>* warnings) const {
  if (const poe_loop_plugin* linked_in = room::built_in(name)) return linked_in;
  if (!state_->files.has(name)) return failure(not_found(name));
  auto loaded = state_->files.load(name, warnings);
  if (!loaded) loaded.error().with("found", summary());
  return loaded;
}

Result<void*> LoopRegistry::load_beside(std::string_view name, const std::string& file, const char* symbol,
                                        std::vector<std::string>* warnings) const {
  if (room::built_in(name))
    return failure(Errc::no_loop, "open what lies beside loop", room::quoted(name), "it is built in, and lies nowhere",
                   "name the file itself");
  if (!state_->files.has(name)) return failure(not_found(name));
  return state_->files.load_beside(name, file, symbol, warnings);
}

Error LoopRegistry::not_found(std::string_view name) const {
  Error error = state_->files.absent(name);
  const auto all = candidates();
  const auto near = near_names(name, names_of(all));
  if (!near.empty()) error.with("near", room::joined(near));
  for (const std::string& variable : room::ignored_variables())
    error.with("note", variable + " is ignored: this process runs with raised privileges");
  return error.with("found", summary_of(all));
}

}  // namespace poe
