// SPDX-License-Identifier: MIT
//
// The folders loop plug-ins are looked for in, in order. Only absolute ones: a relative or empty element would mean
// the current folder, which is whoever's we happen to stand in.
#pragma once

#include <string>
#include <vector>

namespace poe::host_room {

enum class Origin { argument, environment, beside_library, installed };

/// "argument", "POE_LOOP_PATH", "beside the library", "installed".
const char* to_string(Origin origin) noexcept;

struct Folder {
  std::string path;  ///< canonical if the folder exists, else as given
  Origin origin;
  std::string skipped{};  ///< why it is not searched; empty: it is
};

/// Each folder once, at its first place. One is looked for only when somebody asks for it: a loop that is asked for by
/// name mostly lies in the first.
class SearchPath {
 public:
  /// Reads POE_LOOP_PATH now.
  explicit SearchPath(const std::vector<std::string>& given);

  /// nullptr: there are no more. Valid until the next call.
  const Folder* at(std::size_t index);
  const std::vector<Folder>& all();

 private:
  void find_next();
  void add(Folder folder);

  std::vector<Folder> wanted_;  ///< as they were named
  std::size_t next_ = 0;        ///< the first of them that was not looked for yet
  std::vector<Folder> found_;
};

}  // namespace poe::host_room
