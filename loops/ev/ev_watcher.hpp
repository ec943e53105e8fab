// SPDX-License-Identifier: MIT
//
// One libev watcher of ours, and whether it counts among what keeps the loop's run from returning. Loop thread only.
#pragma once

#include <ev.h>

namespace poe::libev {

inline void start_raw(struct ev_loop* loop, ev_io& w) noexcept { ev_io_start(loop, &w); }
inline void start_raw(struct ev_loop* loop, ev_timer& w) noexcept { ev_timer_start(loop, &w); }
inline void start_raw(struct ev_loop* loop, ev_prepare& w) noexcept { ev_prepare_start(loop, &w); }
inline void start_raw(struct ev_loop* loop, ev_check& w) noexcept { ev_check_start(loop, &w); }
inline void start_raw(struct ev_loop* loop, ev_idle& w) noexcept { ev_idle_start(loop, &w); }

inline void stop_raw(struct ev_loop* loop, ev_io& w) noexcept { ev_io_stop(loop, &w); }
inline void stop_raw(struct ev_loop* loop, ev_timer& w) noexcept { ev_timer_stop(loop, &w); }
inline void stop_raw(struct ev_loop* loop, ev_prepare& w) noexcept { ev_prepare_stop(loop, &w); }
inline void stop_raw(struct ev_loop* loop, ev_check& w) noexcept { ev_check_stop(loop, &w); }
inline void stop_raw(struct ev_loop* loop, ev_idle& w) noexcept { ev_idle_stop(loop, &w); }

/// W is ev_io, ev_timer and so on. libev keeps the address: it stays where it is while it is started.
template <class W>
class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// For the ev_..._init and ev_..._set macros.
  W raw{};

  /// `counts`: a run of the loop goes on while this is started.
  void start(struct ev_loop* loop, bool counts) noexcept {
    if (ev_is_active(&raw)) return;
    count_again(loop);
    start_raw(loop, raw);
    if (!counts) set_counts(loop, false);
  }

  /// Also takes back what libev has collected for it.
  void stop(struct ev_loop* loop) noexcept {
    count_again(loop);
    stop_raw(loop, raw);
  }

  /// Of one that is started; nothing happens to another.
  void set_counts(struct ev_loop* loop, bool counts) noexcept {
    if (counts) return count_again(loop);
    if (uncounted_ || !ev_is_active(&raw)) return;
    ev_unref(loop);
    uncounted_ = true;
  }

 private:
  /// libev takes its own count back when a watcher ends, also one that it ends by itself: a timer that has fired, a
  /// descriptor that it gave up. So each ev_unref() of ours has to be made good once, however the watcher ended.
  void count_again(struct ev_loop* loop) noexcept {
    if (uncounted_) ev_ref(loop);
    uncounted_ = false;
  }

  bool uncounted_ = false;
};

}  // namespace poe::libev
