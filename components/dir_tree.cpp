// SPDX-License-Identifier: MIT
#include "dir_tree.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

namespace poe {
namespace {

constexpr std::size_t kMostDoubts = 4096;    // names in one folder: from there on it is read as a whole
constexpr std::int64_t kFresh = 20'000'000;  // ns: two ticks of the slowest clock that file systems stamp with

std::int64_t wall_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// The folder something is in, and its name there.
std::pair<std::string_view, std::string_view> split(std::string_view relative) {
  const std::size_t slash = relative.rfind('/');
  if (slash == std::string_view::npos) return {{}, relative};
  return {relative.substr(0, slash), relative.substr(slash + 1)};
}

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

}  // namespace

void DirTree::look(TimePoint now, std::vector<DirChange>& changes, std::vector<Error>& errors) {
  now_ = now;
  changes_ = &changes;
  errors_ = &errors;
  if (check_root()) {
    if (std::exchange(doubt_all_, false)) {
      doubted_.clear();
      std::vector<std::string> all;
      for (const auto& [relative, folder] : folders_) all.push_back(relative);
      for (const std::string& relative : all) scan(relative);
    } else {
      for (const std::string& relative : std::set<std::string>(unnoticed_)) scan(relative);
      for (const auto& [relative, names] : std::exchange(doubted_, {})) {
        if (is_stale(relative)) continue;
        for (const auto& [name, heard] : names) look_at(relative, name, heard);
      }
    }
    resolve_folders();
    resolve_files();
    settle();
    first_ = false;
  }
  gone_.clear();
  came_.clear();
}

// ---- the folder itself

bool DirTree::check_root() {
  struct stat status {};
  const int failed = ::stat(options_.folder.c_str(), &status) == 0 ? (S_ISDIR(status.st_mode) ? 0 : ENOTDIR) : errno;
  if (failed != 0) {
    if (open_) close_root();
    if (failed != ENOENT) complain(options_.folder, Error::from_errno(failed, "watch", "\"" + options_.folder + "\""));
    if (!std::exchange(missing_, true)) changes_->emplace_back(DirEvent::folder_gone, options_.folder, true);
    first_ = false;
    return false;
  }
  if (open_ && root_.device == status.st_dev && root_.inode == status.st_ino) return true;
  if (open_) {
    close_root();
    changes_->emplace_back(DirEvent::folder_gone, options_.folder, true);
    missing_ = true;
  }
  root_.device = status.st_dev;
  root_.inode = status.st_ino;
  if (std::exchange(missing_, false)) changes_->emplace_back(DirEvent::folder_back, options_.folder, true);
  open_root();
  return true;
}

void DirTree::close_root() {
  open_ = false;
  // One descriptor for good: those who watch it could not tell another one by its number.
  for (const auto& [number, relative] : by_notice_) notice_.remove(number);
  folders_.clear();
  by_notice_.clear();
  unnoticed_.clear();
  doubted_.clear();
  unsettled_.clear();
  complaints_.clear();
  entries_ = 0;
  over_limit_ = false;
}

void DirTree::open_root() {
  open_ = true;
  complaints_.clear();
  if (!notice_ && options_.notices && !without_notices_) notice_ = FileNotice::of_files();
  open_folder({}, 0);
  doubt_all_ = true;
}

void DirTree::no_notices() {
  without_notices_ = true;
  notice_ = FileNotice();
  by_notice_.clear();
  for (auto& [relative, folder] : folders_) {
    folder.notice = -1;
    unnoticed_.insert(relative);
  }
}

// Watched before it is scanned, so that nothing comes in between.
void DirTree::open_folder(const std::string& relative, unsigned depth) {
  Folder& folder = folders_[relative];
  folder.depth = depth;
  const auto [above, name] = split(relative);
  const Entry* const entry = find(above, name);
  if (entry != nullptr) folder.device = entry->device;
  if (entry != nullptr) folder.inode = entry->inode;
  ask_for_notices(relative, folder);
}

void DirTree::ask_for_notices(const std::string& relative, Folder& folder) {
  const std::string path = relative.empty() ? options_.folder : options_.folder + "/" + relative;
  folder.notice = notice_ ? notice_.add_folder(path, relative.empty()) : -1;
  if (folder.notice < 0) {
    unnoticed_.insert(relative);
    return;
  }
  const auto [at, is_new] = by_notice_.try_emplace(folder.notice, relative);
  // One folder under two names: it moved while we looked, or is mounted twice. The former name is looked at by time.
  if (!is_new && at->second != relative) {
    if (const auto former = folders_.find(at->second); former != folders_.end()) former->second.notice = -1;
    unnoticed_.insert(std::exchange(at->second, relative));
  }
  unnoticed_.erase(relative);
}

// Whether another one is known to have its name by now, or that of a folder above, or none has. Until resolve_folders()
// has sorted that out, what is found under the name is not of this folder.
bool DirTree::is_stale(std::string_view relative) const {
  while (!relative.empty()) {
    const auto [above, name] = split(relative);
    const auto known = folders_.find(relative);
    const Entry* const entry = find(above, name);
    if (known == folders_.end() || entry == nullptr || !entry->is_folder) return true;
    if (entry->device != known->second.device || entry->inode != known->second.inode) return true;
    relative = above;
  }
  return false;
}

// ---- notices

bool DirTree::hear() {
  if (!notice_) return false;
  bool any = false;
  notice_.drain_each([&](int number, std::uint32_t what, std::string_view name) {
    any = true;
    if ((what & FileNotice::lost) != 0) return doubt_all();
    const auto found = by_notice_.find(number);
    if (found == by_notice_.end()) return;
    if ((what & FileNotice::dead) != 0) return went_deaf(number);
    if (name.empty()) return;  // the folder itself: look() finds out, or its parent tells
    if (doubt_all_) return;    // it will be looked at anyway
    auto& names = doubted_[found->second];
    if (names.size() >= kMostDoubts) return doubt_all();
    std::uint32_t& heard = names[std::string(name)];
    if ((what & (FileNotice::written | FileNotice::came | FileNotice::went)) != 0) heard &= ~FileNotice::whole;
    heard |= what;
  });
  return any;
}

bool DirTree::Folder::is_open_as(int fd) const noexcept {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

// It may be there again: scan() tries.
void DirTree::went_deaf(int number) {
  const std::string relative = by_notice_.extract(number).mapped();
  unnoticed_.insert(relative);
  if (const auto folder = folders_.find(relative); folder != folders_.end()) folder->second.notice = -1;
}

std::optional<TimePoint> DirTree::due(TimePoint now) const {
  std::optional<TimePoint> first;
  const auto earlier = [&](TimePoint when) { first = first ? std::min(*first, when) : when; };
  if (open_ && doubt_all_) earlier(now);
  earlier(now + options_.poll_interval);  // nobody tells of folders above, and of links, that lead elsewhere
  for (const auto& [folder, name] : unsettled_) {
    const auto at = folders_.find(folder);
    if (at == folders_.end()) continue;
    const auto entry = at->second.entries.find(name);
    if (entry != at->second.entries.end()) earlier(entry->second.since + options_.settle_time);
  }
  return first;
}

// ---- looking

void DirTree::scan(const std::string& relative) {
  const auto folder = folders_.find(relative);
  if (folder == folders_.end()) return;
  const std::string path = relative.empty() ? options_.folder : options_.folder + "/" + relative;
  const std::unique_ptr<DIR, CloseFolder> open(::opendir(path.c_str()));
  if (open == nullptr) {
    if (errno != ENOENT && errno != ENOTDIR)
      complain(path, Error::from_errno(errno, "read folder", "\"" + path + "\""));
    return;
  }
  if (!relative.empty() && !folder->second.is_open_as(::dirfd(open.get()))) return;  // the folder above will tell
  if (folder->second.notice < 0 && notice_) ask_for_notices(relative, folder->second);
  complaints_.erase(path);
  std::set<std::string> names;
  while (const dirent* const entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace(name);
  }
  for (const auto& [name, entry] : folders_[relative].entries) names.insert(name);
  for (const std::string& name : names) look_at(relative, name, 0);
}

std::optional<DirTree::Entry> DirTree::entry_at(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  Entry entry;
  entry.device = status.st_dev;
  entry.inode = status.st_ino;
  entry.is_folder = S_ISDIR(status.st_mode);
  entry.is_regular = S_ISREG(status.st_mode);
  if (entry.is_folder) return entry;  // what is in it says how it changes
  entry.size = status.st_size;
  entry.modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  entry.fresh = wall_ns() - entry.modified_ns < kFresh;
  return entry;
}

void DirTree::look_at(const std::string& relative, const std::string& name, std::uint32_t heard) {
  const auto folder = folders_.find(relative);
  if (folder == folders_.end()) return;
  auto& entries = folder->second.entries;
  const auto known = entries.find(name);
  std::optional<Entry> found = entry_at(path_of(relative, name));
  if (found) found->whole = (heard & FileNotice::whole) != 0;
  if (known == entries.end()) {
    if (found) take_new(relative, name, *found);
    return;
  }
  if (found && found->is_folder == known->second.is_folder && (!found->is_folder || found->same_file(known->second))) {
    return compare(relative, name, known->second, *found, heard);
  }
  gone_.push_back({relative, name, known->second});
  unsettled_.erase({relative, name});
  entries.erase(known);
  --entries_;
  if (found) take_new(relative, name, *found);
}

void DirTree::take_new(const std::string& relative, const std::string& name, const Entry& found) {
  if (entries_ >= options_.max_entries) {
    if (std::exchange(over_limit_, true)) return;
    errors_->emplace_back(Errc::limit, "watch", "\"" + options_.folder + "\"",
                          "it has more than " + std::to_string(options_.max_entries) + " files and folders",
                          "raise max_entries, or watch the folders in it that matter");
    return;
  }
  ++entries_;
  came_.push_back({relative, name, found});
  folders_[relative].entries[name] = found;
}

void DirTree::compare(const std::string& relative, const std::string& name, Entry& known, const Entry& found,
                      std::uint32_t heard) {
  const bool written = (heard & FileNotice::written) != 0;
  const bool differs = !known.same_file(found) || !known.same_state(found) || (known.fresh && written);
  const bool whole = found.whole || (known.whole && !written && !differs);
  const auto pending = known.pending;
  const TimePoint since = known.since;
  known = found;
  known.whole = whole;
  known.pending = pending;
  known.since = differs ? now_ : since;
  if (!differs && !pending) return;
  if (!pending) known.pending = DirEvent::changed;
  if (known.is_folder) known.pending.reset();
  if (known.pending) unsettled_.insert({relative, name});  // settle() tells
}

void DirTree::complain(const std::string& about, Error why) {
  int& told = complaints_[about];
  if (std::exchange(told, why.number()) != why.number()) errors_->push_back(std::move(why));
}

}  // namespace poe
