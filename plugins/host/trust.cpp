// SPDX-License-Identifier: MIT
#include "trust.hpp"

#include <unistd.h>

#include <algorithm>

#include "environment.hpp"
#include "own_object.hpp"

namespace poe::host_room {

namespace {

std::string octal(mode_t mode) {
  std::string text;
  for (int shift = 9; shift >= 0; shift -= 3) text += static_cast<char>('0' + ((mode >> shift) & 7));
  return text;
}

bool owns(uid_t owner, const std::string& path) {
  struct stat found {};
  return !path.empty() && stat(path.c_str(), &found) == 0 && found.st_uid == owner;
}

/// Our own files are looked at last: where all is root's or one's own, as mostly, that is not needed.
bool owner_is_believed(uid_t owner, const Believed& by) {
  return owner == 0 || owner == by.runs_as || owns(owner, own_object().path) || owns(owner, "/proc/self/exe");
}

Distrust bad_owner(const struct stat& found, const std::string& what, const std::string& path) {
  return {what + " belongs to user " + std::to_string(found.st_uid) +
              ", who is neither root, nor the user running this, nor the owner of this program",
          "have root or yourself own " + path + ", if you trust what is in it"};
}

}  // namespace

Believed believed(Origin origin) {
  Believed by;
  by.runs_as = geteuid();
  by.strict = privileged() || (by.runs_as == 0 && origin == Origin::environment);
  return by;
}

std::optional<Distrust> distrust(const struct stat& found, const std::string& what, const std::string& path,
                                 const Believed& by, std::vector<std::string>& warnings) {
  if (!owner_is_believed(found.st_uid, by)) return bad_owner(found, what, path);
  if ((found.st_mode & (S_IWOTH | S_IWGRP)) == 0) return std::nullopt;
  const std::string mode = " (mode " + octal(found.st_mode) + ")";
  if (found.st_mode & S_IWOTH)
    return Distrust{what + " may be changed by every user" + mode,
                    "chmod o-w " + path + ", if you trust what is in it"};
  const std::string group = what + " may be changed by group " + std::to_string(found.st_gid) + mode;
  if (by.strict) return Distrust{group, "chmod g-w " + path + ", if you trust what is in it"};
  warnings.push_back(group);
  return std::nullopt;
}

std::optional<Distrust> distrust_above(const std::string& folder, const Believed& by) {
  for (std::string path = folder; path.size() > 1;) {
    path.resize(std::max<std::size_t>(path.rfind('/'), 1));
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) continue;
    const std::string what = "the folder " + path;
    if (by.strict && !owner_is_believed(found.st_uid, by)) return bad_owner(found, what, path);
    const mode_t open_to = found.st_mode & (by.strict ? S_IWOTH | S_IWGRP : S_IWOTH);
    if (open_to != 0 && (found.st_mode & S_ISVTX) == 0)
      return Distrust{what + ", above it, may be changed by others (mode " + octal(found.st_mode) + ")",
                      "chmod go-w " + path + ", or keep it elsewhere"};
  }
  return std::nullopt;
}

}  // namespace poe::host_room
