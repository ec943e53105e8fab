// SPDX-License-Identifier: MIT
#include "search_path.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "environment.hpp"
#include "own_object.hpp"

namespace poe::host_room {

namespace {

constexpr const char* kFolderName = "poe/loops-1";  // 1 is POE_LOOP_ABI_MAJOR

void add(std::vector<Folder>& folders, const std::string& path, Origin origin) {
  Folder folder{path, origin};
  if (path.empty()) {
    folder.skipped = "an empty element would mean the current folder";
  } else if (path.front() != '/') {
    folder.skipped = "a relative folder is never searched; give the absolute path";
  } else if (const std::string real = canonical(path); real.empty()) {
    folder.skipped = std::strerror(errno);
  } else {
    folder.path = real;
  }
  const auto same = [&](const Folder& f) { return f.path == folder.path && f.skipped == folder.skipped; };
  if (std::none_of(folders.begin(), folders.end(), same)) folders.push_back(std::move(folder));
}

void add_list(std::vector<Folder>& folders, const std::string& list) {
  if (list.empty()) return;
  std::size_t from = 0;
  for (std::size_t to; (to = list.find(':', from)) != std::string::npos; from = to + 1)
    add(folders, list.substr(from, to - from), Origin::environment);
  add(folders, list.substr(from), Origin::environment);
}

void add_own(std::vector<Folder>& folders) {
  const OwnObject& own = own_object();
  if (own.path.empty()) return;
  const std::string here = own.path.substr(0, own.path.rfind('/'));
  add(folders, here + (own.is_program ? "/../lib/" : "/") + kFolderName, Origin::beside_library);
}

}  // namespace

const char* to_string(Origin origin) noexcept {
  switch (origin) {
    case Origin::argument:
      return "argument";
    case Origin::environment:
      return "POE_LOOP_PATH";
    case Origin::beside_library:
      return "beside the library";
    case Origin::installed:
      return "installed";
  }
  return "";
}

std::vector<Folder> search_path(const std::vector<std::string>& given) {
  std::vector<Folder> folders;
  for (const std::string& path : given) add(folders, path, Origin::argument);
  add_list(folders, environment("POE_LOOP_PATH"));
  add_own(folders);
  add(folders, POE_INSTALLED_LOOP_DIR, Origin::installed);
  return folders;
}

}  // namespace poe::host_room
