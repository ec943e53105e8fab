// SPDX-License-Identifier: MIT
//
// The plug-ins that may be opened, by SHA-256: a file as sha256sum(1) writes it. A list that cannot be used allows
// nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "refusal.hpp"
#include "search_path.hpp"
#include "sha256.hpp"

namespace poe::host_room {

class AllowList {
 public:
  /// Reads it now. @param path  absolute
  AllowList(std::string path, Origin origin);

  /// Why a file with this content may not be opened.
  /// @param file  path, for the text, and for its name in the list
  std::optional<Refusal> objection(const Digest& digest, const std::string& file) const;

  /// Bad but tolerated: "the allow-list /x/y: the file may be changed by group 5".
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct Line {
    std::string digest;  ///< 64 digits, lower case
    std::string file;    ///< as listed
  };
  std::optional<Refusal> read(Origin origin);
  std::optional<Refusal> parse(const std::string& text);
  bool names(const std::string& file) const;

  std::string path_;
  std::vector<Line> lines_;
  std::optional<Refusal> unusable_;
  std::vector<std::string> warnings_;
};

/// The lists in force: the program's, and that of POE_LOOP_ALLOW. A file must be in each.
std::vector<AllowList> allow_lists(const std::string& given);

}  // namespace poe::host_room
