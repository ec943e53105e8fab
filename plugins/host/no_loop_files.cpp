// SPDX-License-Identifier: MIT
//
// In place of loop_files.cpp and all it uses, in a build with POE_LOAD_LOOPS=OFF: no file is looked for or opened.
#include "built_in.hpp"
#include "environment.hpp"
#include "live_host.hpp"
#include "loop_files.hpp"
#include "words.hpp"

namespace poe::host_room {

/// Asked for hosts of loops that are files only; the library of one that is linked in is there.
std::string loaded_library(const std::vector<std::string>&) { return {}; }

struct LoopFiles::State {
  std::vector<LoopFolder> folders;  ///< that somebody named, to say that they are not looked at
};

LoopFiles::LoopFiles(const std::vector<std::string>& folders, const std::string&) : state_(std::make_unique<State>()) {
  constexpr const char* kWhy = "this build of poe loads no loops, those it has are built in";
  for (const std::string& path : folders) state_->folders.push_back({path, "argument", kWhy});
  if (const std::string list = environment("POE_LOOP_PATH"); !list.empty())
    state_->folders.push_back({list, "POE_LOOP_PATH", kWhy});
}

LoopFiles::~LoopFiles() = default;

std::vector<LoopFolder> LoopFiles::folders() const { return state_->folders; }
void LoopFiles::judge(bool, std::vector<LoopCandidate>&) const {}
bool LoopFiles::has(std::string_view) const { return false; }

Result<const poe_loop_plugin*> LoopFiles::load(std::string_view name, std::vector<std::string>*) const {
  return failure(absent(name));
}

Result<void*> LoopFiles::load_beside(std::string_view name, const std::string&, const char*,
                                     std::vector<std::string>*) const {
  return failure(absent(name));
}

Error LoopFiles::absent(std::string_view name) const {
  Error error(
      Errc::no_loop, "load loop", quoted(name),
      "it is not built in, and this build of poe loads no plug-ins (POE_LOAD_LOOPS=OFF)",
      "pick one that is built in, or build poe with it: cmake -DPOE_STATIC_LOOPS=\"...;" + std::string(name) + "\"");
  for (const LoopFolder& f : state_->folders) error.with("tried", f.path + ": " + f.skipped);
  return error;
}

std::string LoopFiles::advice_for_none() {
  std::vector<std::string> names;
  for (const LoopEntry entry : built_in_loops()) names.emplace_back(entry()->name);
  return "this build of poe loads no plug-ins (POE_LOAD_LOOPS=OFF): ask for one that is built in, POE_EVENT_LOOP=" +
         joined(names, " or ") + ", or build poe with a native one: cmake -DPOE_STATIC_LOOPS=\"...;epoll\"";
}

}  // namespace poe::host_room
