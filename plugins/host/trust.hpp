// SPDX-License-Identifier: MIT
//
// Who may change a file or folder, judged from its fstat(2): the rules of plugins/README.md, "Trust". Functions of
// their arguments, and of who owns our own files, so that each rule can be read alone.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "search_path.hpp"

namespace poe::host_room {

/// Whom we believe, and how far.
struct Believed {
  uid_t runs_as = 0;    ///< effective user; root and the owners of our own library and executable are believed always
  bool strict = false;  ///< privileged, or root with a folder from POE_LOOP_PATH
};

Believed believed(Origin origin);

/// Why something is not trusted, and how to mend it.
struct Distrust {
  std::string why;
  std::string advice;
};

/// @param what  for the text: "the file", "the folder /opt/x"
/// @param path  for the advice
/// @param warnings  what is bad but tolerated is appended here
std::optional<Distrust> distrust(const struct stat& found, const std::string& what, const std::string& path,
                                 const Believed& by, std::vector<std::string>& warnings);

/// The folders above a trusted one with a plug-in or an allow-list in it, up to the root: whoever may rename them may
/// put others in their place. A world-writable one must be sticky (as /tmp is); owner and group count when `by.strict`.
std::optional<Distrust> distrust_above(const std::string& folder, const Believed& by);

}  // namespace poe::host_room
