// SPDX-License-Identifier: MIT
//
// DirTree: what is in a folder, and the folders below it, and how that differs from the last look. It asks the file
// system, by blocking calls, and knows no kernel. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../wheels/file_notice.hpp"
#include "poe/components/dir_watch.hpp"

namespace poe {

class DirTree {
 public:
  /// Borrows the options.
  explicit DirTree(const DirWatchOptions& options) : options_(options) {}

  /// Looks at all that is in question, and adds what differs to `changes` and `errors`.
  void look(TimePoint now, std::vector<DirChange>& changes, std::vector<Error>& errors);
  /// Everything is in question.
  void doubt_all() { doubt_all_ = true; }
  /// Takes the notices; what they are about is in question. @return  whether there were any
  bool hear();

  /// When the next look is due although nobody told of anything; nothing: never.
  std::optional<TimePoint> due(TimePoint now) const;
  /// To be watched; -1: nobody tells.
  int notice_fd() const noexcept { return notice_ ? notice_.fd() : -1; }
  bool has_notices() const noexcept { return open_ && unnoticed_.empty(); }
  /// Nobody watches the descriptor after all.
  void no_notices();
  std::size_t entries() const noexcept { return entries_; }

 private:
  struct Entry {
    dev_t device = 0;
    ino_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    bool is_folder = false;
    bool is_regular = false;
    bool fresh = false;                 // written so lately that another write might not show in modified_ns
    bool whole = false;                 // closed, or moved here, since it was written
    std::optional<DirEvent> pending{};  // not told yet: it is not settled
    TimePoint since{};                  // when it changed last, with `pending`
    bool same_file(const Entry& other) const noexcept {
      return device == other.device && inode == other.inode && is_folder == other.is_folder;
    }
    bool same_state(const Entry& other) const noexcept {
      return size == other.size && modified_ns == other.modified_ns;
    }
  };
  struct Folder {
    int notice = -1;
    unsigned depth = 0;
    dev_t device = 0;  // of the one that was meant when it was opened, whatever has its name by now
    ino_t inode = 0;
    std::map<std::string, Entry, std::less<>> entries{};
    bool is_open_as(int fd) const noexcept;
  };
  /// A name in a folder; both are of the present look.
  struct Spot {
    std::string folder;  // relative; empty: the watched one
    std::string name;
    Entry entry{};
  };
  struct Move {
    Spot from, to;
  };
  using Folders = std::map<std::string, Folder, std::less<>>;

  // ---- looking, dir_tree.cpp
  bool check_root();
  void close_root();
  void open_root();
  void open_folder(const std::string& relative, unsigned depth);
  void ask_for_notices(const std::string& relative, Folder& folder);
  void went_deaf(int number);
  bool is_stale(std::string_view relative) const;
  void scan(const std::string& relative);
  void look_at(const std::string& relative, const std::string& name, std::uint32_t heard);
  void take_new(const std::string& relative, const std::string& name, const Entry& found);
  void compare(const std::string& relative, const std::string& name, Entry& known, const Entry& found,
               std::uint32_t heard);
  std::optional<Entry> entry_at(const std::string& path);
  void complain(const std::string& about, Error why);
  // ---- telling, dir_tree_changes.cpp
  void resolve_folders();
  void take_in(const Spot& spot);
  void make_moves(std::vector<Move> moves, std::vector<Spot>& made);
  void move_folder(const Spot& from, const Spot& to);
  void fit_depth(const std::string& relative, unsigned depth);
  void drop_gone_folders(const std::vector<Move>& moves);
  void drop_folder(const Spot& spot);
  void drop_folder_now(const Spot& spot);
  void forget_folder(const std::string& former);
  void tell_removed(const Spot& file);
  void resolve_files();
  void settle();
  void came(const Spot& spot);
  void tell(DirEvent what, const std::string& folder, const std::string& name, bool is_folder,
            const std::string& from = {});
  bool counts(std::string_view name, bool is_folder) const;
  bool waits(const Entry& entry) const { return options_.settled && entry.is_regular && !entry.whole; }
  Entry* find(std::string_view folder, std::string_view name) noexcept;
  const Entry* find(std::string_view folder, std::string_view name) const noexcept;
  std::string path_of(const std::string& folder, const std::string& name) const;
  static std::string join(const std::string& folder, const std::string& name) {
    return folder.empty() ? name : folder + "/" + name;
  }

  const DirWatchOptions& options_;
  FileNotice notice_;
  Entry root_{};
  bool open_ = false;
  bool doubt_all_ = true;
  bool first_ = true;     // no look has ended yet
  bool missing_ = false;  // folder_gone was told
  bool without_notices_ = false;
  bool over_limit_ = false;
  Folders folders_{};
  std::map<int, std::string> by_notice_{};
  std::set<std::string> unnoticed_{};                                      // folders to be looked at by time
  std::map<std::string, std::map<std::string, std::uint32_t>> doubted_{};  // names, and what was heard of them
  std::set<std::pair<std::string, std::string>> unsettled_{};
  std::map<std::string, int> complaints_{};  // path, and the error number that was told
  std::size_t entries_ = 0;

  // ---- of the present look
  TimePoint now_{};
  std::vector<DirChange>* changes_ = nullptr;
  std::vector<Error>* errors_ = nullptr;
  std::vector<Spot> gone_{}, came_{};
};

}  // namespace poe
