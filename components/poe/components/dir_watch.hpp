// SPDX-License-Identifier: MIT
//
// DirWatch: which files came to a folder, changed, were renamed, went (CPAN's POE::Component::DirWatch). It belongs to
// one session, whose member or local variable it is. For the contents of one file as they grow: wheels/follow_tail.hpp.
//
//     poe::DirWatchOptions options("/var/spool/in");
//     options.patterns = {"*.csv"};
//     options.settled = true;  // not before they are complete
//     watch_ = poe::DirWatch(self, std::move(options), [](const poe::DirChange& change) { import(change.path); });
//
// It keeps a list of what is there and tells what differs: the system's notices (inotify) only say where to look. So
// nothing is lost or told twice when notices are lost, and it works, each poll_interval, where there are none: on file
// systems other machines write to. What comes and goes between two looks is not told; several changes of a file in that
// time are one. Looks are blocking calls, one for each name in question; of a whole folder at the start, after notices
// were lost, and where there are none. Real loops only: a simulated world has no files that change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"

namespace poe {

class DirNext;
class DirWatchCore;

enum class DirEvent : std::uint8_t {
  found,        ///< it was there when the watch began
  created,      ///< it came: made, moved or linked here
  changed,      ///< its contents, or another file took its name
  removed,      ///< it went, or its new name does not fit the patterns
  renamed,      ///< within what is watched; of a folder: all below it moved along, which is not told one by one
  folder_gone,  ///< the watched folder itself is not there (any more); what was in it is forgotten, not told
  folder_back,  ///< there is a folder of that name; what is in it is `created`
};

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
struct DirChange {
  DirChange() = default;
  DirChange(DirEvent event, std::string where, bool folder, std::string former = {})
      : what(event), path(std::move(where)), from(std::move(former)), is_folder(folder) {}
  DirEvent what = DirEvent::found;
  std::string path{};  ///< DirWatchOptions::folder, '/', and the name
  std::string from{};  ///< renamed: the former path
  bool is_folder = false;
};

/// Has constructors, so it is no aggregate: see DirChange.
class POE_API DirWatchOptions {
 public:
  explicit DirWatchOptions(std::string path) : folder(std::move(path)) {}

  /// By name: whatever folder has it, now and later. It need not be there yet.
  std::string folder;
  /// With all folders below. Symbolic links are told, not followed.
  bool recursive = false;
  /// Names, not paths, that count, as for the shell ("*.csv"); a leading dot must be in the pattern. Empty: all.
  std::vector<std::string> patterns;
  /// Tell of folders as well as of files.
  bool folders = false;
  /// Tell of what is there at the start, as `found`.
  bool existing = true;
  /// Tell of a regular file only once it is complete: when somebody who could write has closed it, when it was moved
  /// here, or when it did not change for settle_time; without notices, on the last alone.
  bool settled = false;
  Duration settle_time = std::chrono::seconds(2);
  /// How long notices are gathered before they are looked at. Both halves of a renaming must be in it.
  Duration gather = std::chrono::milliseconds(10);
  /// Between two looks where there are no notices, or no folder; else between two checks, of one stat(2), whether the
  /// name stands for another folder by now: nobody tells of links, and of folders above, that were changed.
  Duration poll_interval = std::chrono::seconds(1);
  /// Use the system's notices where they can be had.
  bool notices = true;
  /// Files and folders; what is above is not told of. Error `limit`: once, and again if it does not fit when some
  /// have gone.
  std::size_t max_entries = 100000;
  /// Folders within folders. Deeper ones are not looked into.
  unsigned max_depth = 32;
  /// What cannot be read, once until that changes; it is tried again all the same.
  Fn<void(const Error&)> on_error;
};

/// Loop thread. It may be moved and dropped at any time, also inside its own callbacks: nothing more is told then. It
/// keeps its session alive until it is dropped.
class POE_API DirWatch {
 public:
  /// No watch: only assignment and operator bool; next() ends with `closed`.
  DirWatch() noexcept;
  /// Calls `on_change` for each change, as the session. Never fails for what the world does: that comes later.
  DirWatch(Self& self, DirWatchOptions options, Fn<void(const DirChange&)> on_change);
  /// The changes come as events, which the session has declared: Event<poe::DirChange> came{"came"}.
  DirWatch(Self& self, DirWatchOptions options, const Event<DirChange>& event);
  /// The changes are read with next(). While nobody asks nothing is looked at.
  DirWatch(Self& self, DirWatchOptions options);
  DirWatch(DirWatch&&) noexcept;
  DirWatch& operator=(DirWatch&&) noexcept;
  ~DirWatch();
  explicit operator bool() const noexcept { return core_ != nullptr; }

  /// co_await watch.next(): Result<DirChange>. Include poe/components/dir_watch_awaits.hpp. One at a time. Errors:
  /// `closed` (the watch goes), `invalid_argument` (somebody else gets them), not_supported (a simulated world).
  DirNext next();
  /// Looks at everything as soon as the caller has returned.
  void rescan();
  /// Files and folders it knows.
  std::size_t entries() const noexcept;
  /// Whether the system tells of changes in every folder; otherwise they are looked at each poll_interval.
  bool has_notices() const noexcept;

 private:
  // Why shared_ptr: it may be dropped inside its own callbacks.
  std::shared_ptr<DirWatchCore> core_;
};

}  // namespace poe
