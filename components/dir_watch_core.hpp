// SPDX-License-Identifier: MIT
//
// The pinned part of a DirWatch: when to look, and who hears of it. Whatever calls back keeps this alive until it
// returns. Loop thread.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "dir_tree.hpp"
#include "poe/components/dir_watch_awaits.hpp"

namespace poe {

class DirWatchCore : public std::enable_shared_from_this<DirWatchCore> {
 public:
  DirWatchCore(Self& self, DirWatchOptions options, Fn<void(const DirChange&)> on_change);
  void begin();
  /// The handle is gone.
  void close() noexcept;

  void rescan();
  std::size_t entries() const noexcept { return tree_.entries(); }
  bool has_notices() const noexcept { return tree_.has_notices(); }

  // ---- for the one who waits in a coroutine
  std::optional<Error> why_no_next() const;
  std::optional<DirChange> take();
  void await(DirNext& reader);
  void forget_reader() noexcept { reader_ = nullptr; }

 private:
  void look_after(Duration wait);
  void look();
  void follow_notices();
  void deliver();
  bool is_heard() const noexcept { return !closed_ && !self_.stop_requested(); }
  /// Whether somebody takes changes now.
  bool wants() const noexcept { return on_change_ || (changes_.empty() && reader_ != nullptr); }

  Self& self_;
  DirWatchOptions options_;
  Fn<void(const DirChange&)> on_change_;
  DirTree tree_;  // uses options_
  std::deque<DirChange> changes_;
  DirNext* reader_ = nullptr;
  std::optional<Error> dead_;  // why there is nothing to watch, ever
  Watch watch_;
  int watched_ = -1;
  Timer timer_;
  std::optional<TimePoint> due_;  // of timer_
  KeepAlive hold_;
  bool looking_ = false;
  bool closed_ = false;
};

}  // namespace poe
