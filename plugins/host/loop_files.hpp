// SPDX-License-Identifier: MIT
//
// The loops that are files: found, judged and opened by loop_files.cpp; in a build that loads nothing
// (POE_LOAD_LOOPS=OFF), no_loop_files.cpp stands in for it and for all it uses.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "poe/plugin.hpp"

namespace poe::host_room {

class LoopFiles {
 public:
  /// Reads POE_LOOP_PATH, POE_LOOP_ALLOW and the allow-lists now. For files it looks when they are asked for.
  LoopFiles(const std::vector<std::string>& folders, const std::string& allow_list);
  ~LoopFiles();

  std::vector<LoopFolder> folders() const;

  /// Appends a candidate for each file; one whose name is in `all` already is shadowed.
  /// @param opened  also ask each plug-in about its library
  void judge(bool opened, std::vector<LoopCandidate>& all) const;

  bool has(std::string_view name) const;

  /// Before: has(name).
  Result<const poe_loop_plugin*> load(std::string_view name, std::vector<std::string>* warnings) const;

  /// The address of `symbol` in `file`, another shared object in the folder of the loop's. Before: has(name).
  Result<void*> load_beside(std::string_view name, const std::string& file, const char* symbol,
                            std::vector<std::string>* warnings) const;

  /// That there is no such loop, and where it was looked for.
  Error absent(std::string_view name) const;

  /// What to do where not one of the loops that are chosen by themselves can be used.
  static std::string advice_for_none();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace poe::host_room
