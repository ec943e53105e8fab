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

/// Each folder once, at its first place.
std::vector<Folder> search_path(const std::vector<std::string>& given);

}  // namespace poe::host_room
