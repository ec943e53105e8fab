// SPDX-License-Identifier: MIT
#include "search_path.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "environment.hpp"
#include "own_object.hpp"

namespace poe::host_room {

namespace {

constexpr const char* kFolderName = "poe/loops-1";  // 1 is POE_LOOP_ABI_MAJOR

/// Whether it exists, and what it is really called.
Folder looked_for(const Folder& wanted) {
  Folder folder = wanted;
  if (wanted.path.empty()) {
    folder.skipped = "an empty element would mean the current folder";
  } else if (wanted.path.front() != '/') {
    folder.skipped = "a relative folder is never searched; give the absolute path";
  } else if (const std::string real = canonical(wanted.path); real.empty()) {
    folder.skipped = std::strerror(errno);
  } else {
    folder.path = real;
  }
  return folder;
}

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// nullopt: it cannot be told where we lie.
std::optional<Folder> beside_us() {
  const OwnObject& own = own_object();
  if (own.path.empty()) return std::nullopt;
  const std::string here = parent(own.path);
  const std::string base = own.is_program && !here.empty() ? parent(here) : here;
  const std::string below = (own.is_program ? "lib/" : "") + std::string(kFolderName);
  Folder folder{canonical_below(base, below), Origin::beside_library};
  if (!folder.path.empty()) return folder;
  folder.skipped = std::strerror(errno);
  folder.path = here + (own.is_program ? "/../lib/" : "/") + kFolderName;
  return folder;
}

void add_list(std::vector<Folder>& folders, const std::string& list) {
  if (list.empty()) return;
  std::size_t from = 0;
  for (std::size_t to; (to = list.find(':', from)) != std::string::npos; from = to + 1)
    folders.push_back({list.substr(from, to - from), Origin::environment});
  folders.push_back({list.substr(from), Origin::environment});
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

SearchPath::SearchPath(const std::vector<std::string>& given) {
  for (const std::string& path : given) wanted_.push_back({path, Origin::argument});
  add_list(wanted_, environment("POE_LOOP_PATH"));
  wanted_.push_back({{}, Origin::beside_library});
  wanted_.push_back({POE_INSTALLED_LOOP_DIR, Origin::installed});
}

const Folder* SearchPath::at(std::size_t index) {
  while (found_.size() <= index && next_ < wanted_.size()) find_next();
  return index < found_.size() ? &found_[index] : nullptr;
}

const std::vector<Folder>& SearchPath::all() {
  while (next_ < wanted_.size()) find_next();
  return found_;
}

void SearchPath::find_next() {
  const Folder& wanted = wanted_[next_++];
  if (wanted.origin != Origin::beside_library) return add(looked_for(wanted));
  if (auto beside = beside_us()) add(std::move(*beside));
}

void SearchPath::add(Folder folder) {
  const auto same = [&](const Folder& f) { return f.path == folder.path && f.skipped == folder.skipped; };
  if (std::none_of(found_.begin(), found_.end(), same)) found_.push_back(std::move(folder));
}

}  // namespace poe::host_room
