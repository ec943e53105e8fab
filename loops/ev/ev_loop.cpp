// SPDX-License-Identifier: MIT
//
// The loop over libev: one of its own, or a guest of the program's. One ev_io a descriptor; a batch of reports ends
// with a turn by an event fed at the lowest priority, which libev delivers after all others that it has collected.
// libev folds errors and hang-ups into READ and WRITE and knows no priority data; its runs may be nested.
//
// Never with libevent in one symbol scope: libev exports functions of the same names (README.md, pitfalls).

#include <ev.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "ev_watcher.hpp"
#include "ev_watches.hpp"
#include "poe/loop_plugin.hpp"

namespace {

using poe::libev::Watch;
using poe::libev::Watcher;

struct DestroyLoop {
  // Also right in a forked child: closes descriptors, and leaves the epoll set alone that is shared with the parent.
  void operator()(struct ev_loop* loop) const noexcept { ev_loop_destroy(loop); }
};
using OwnLoop = std::unique_ptr<struct ev_loop, DestroyLoop>;

/// Not the default loop: that one takes SIGCHLD, and there is one a process. Not by LIBEV_FLAGS: our choice is ours.
OwnLoop open_loop(const poe_create& how) {
  if (how.foreign) return nullptr;
  OwnLoop loop(ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV));
  if (!loop) throw std::system_error(errno ? errno : EIO, std::generic_category(), "cannot make a libev loop");
  return loop;
}

class EvLoop {
 public:
  static constexpr char kName[] = "ev";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "libev";
  static constexpr char kLicence[] = "BSD-2-Clause OR GPL-2.0-or-later";
  static constexpr char kHostSonames[] = "libev.so.4";
  static constexpr std::uint64_t kCapabilities =
      poe::loop::bits(POE_CAP_NESTED_STEP, POE_CAP_FOREIGN, POE_CAP_UNREF, POE_CAP_NESTED_REPORT, POE_CAP_REGULAR_FILES,
                      POE_CAP_FORK_ABANDON);
  static const char* library_version() {
    struct Text {
      char at[24] = {};
      Text() noexcept { std::snprintf(at, sizeof at, "%d.%d", ev_version_major(), ev_version_minor()); }
    };
    static const Text version;  // without a destructor: it may be read until the process ends
    return version.at;
  }

  EvLoop(poe::loop::Host host, const poe_create& how)
      : host_(host), own_(open_loop(how)), loop_(own_ ? own_.get() : static_cast<struct ev_loop*>(how.foreign)) {
    ev_io_init(&wake_.raw, on_wake, waker_.fd(), EV_READ);
    ev_timer_init(&deadline_.raw, on_deadline, 0., 0.);
    ev_timer_init(&limit_.raw, on_limit, 0., 0.);
    ev_idle_init(&idle_.raw, on_idle);
    ev_check_init(&soon_.raw, on_soon);
    ev_prepare_init(&prepare_.raw, on_prepare);
    ev_init(&turn_, on_turn);
    wake_.raw.data = deadline_.raw.data = soon_.raw.data = prepare_.raw.data = turn_.data = this;
    // After everything else that libev has collected.
    ev_set_priority(&deadline_.raw, EV_MINPRI);
    ev_set_priority(&idle_.raw, EV_MINPRI);
    ev_set_priority(&soon_.raw, EV_MINPRI);
    ev_set_priority(&prepare_.raw, EV_MINPRI);
    ev_set_priority(&turn_, EV_MINPRI);
    wake_.start(loop_, bool(own_));  // an own loop lives by it
  }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    if (interest == 0) return watches_.drop(loop_, fd);
    Watch* watch = watches_.find(fd);
    if (!watch) watch = &add(fd);
    watch->token = token;
    if (std::exchange(watch->interest, interest) == interest) return;
    watch->io.stop(loop_);
    ev_io_modify(&watch->io.raw, poe::libev::to_ev(interest));
    watch->io.start(loop_, counts());
  }

  void arm(std::int64_t deadline_ns) noexcept {
    deadline_ns_ = deadline_ns;
    cancel_soon();
    deadline_.stop(loop_);
    if (deadline_ns == POE_NEVER_NS) return;
    const std::int64_t wait_ns = poe::loop::ns_until(deadline_ns, poe::loop::monotonic_ns());
    if (wait_ns != 0) return start_timer(deadline_, wait_ns, counts());
    idle_.start(loop_, counts());
    soon_.start(loop_, counts());
  }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    const Level level(*this, true);
    const std::int64_t start_ns = poe::loop::monotonic_ns();
    const std::int32_t before = host_.delivered();
    std::int64_t left_ns = max_wait_ns;
    do {
      if (left_ns != 0 && left_ns != POE_NEVER_NS) start_timer(limit_, left_ns, true);
      ev_run(loop_, left_ns == 0 ? EVRUN_NOWAIT : EVRUN_ONCE);
      limit_.stop(loop_);
      if (max_wait_ns != POE_NEVER_NS)
        left_ns = std::max<std::int64_t>(0, max_wait_ns - (poe::loop::monotonic_ns() - start_ns));
    } while (left_ns != 0 && host_.delivered() == before && !host_.closing());
  }

  void run() {
    if (!own_) throw poe::loop::Refusal(-ENOTSUP, "a guest of libev has no run of its own: call ev_run() on the host");
    const Level level(*this, false);
    bool ended = std::exchange(early_stop_, false);
    bool* const outer = std::exchange(ended_, &ended);
    while (!ended && !host_.closing()) ev_run(loop_, 0);
    ended_ = outer;
  }

  int stop() noexcept {
    if (!own_) return -ENOTSUP;
    (ended_ ? *ended_ : early_stop_) = true;
    // All levels, as a step may be nested in the run; those that are not meant go on.
    if (ended_) ev_break(loop_, EVBREAK_ALL);
    return 0;
  }

  void hold(bool keep_host_running) noexcept {
    if (own_) return;
    hold_ = keep_host_running;
    deadline_.set_counts(loop_, hold_);
    idle_.set_counts(loop_, hold_);
    soon_.set_counts(loop_, hold_);
    watches_.for_each([&](Watch& watch) { watch.io.set_counts(loop_, hold_); });
  }

  void close() noexcept {
    watches_.for_each([&](Watch& watch) { watches_.drop(loop_, watch.io.raw.fd); });
    wake_.stop(loop_);
    deadline_.stop(loop_);
    limit_.stop(loop_);
    prepare_.stop(loop_);
    cancel_soon();
    ev_feed_event(loop_, &turn_, EV_CUSTOM);  // which ends us
    if (own_ && ev_depth(loop_) != 0) ev_break(loop_, EVBREAK_ALL);
  }

  /// A guest's watchers stay in the dead or forked loop, which must not run again: their memory goes.
  void abandon() noexcept {
    own_.reset();
    waker_.close();
  }

 private:
  /// A step or a run of ours that is on the stack; a guest may step inside its host's run.
  class Level {
   public:
    Level(EvLoop& loop, bool stepping) noexcept
        : loop_(loop),
          outer_depth_(std::exchange(loop.base_depth_, ev_depth(loop.loop_))),
          outer_stepping_(std::exchange(loop.stepping_, stepping)) {
      ev_ref(loop_.loop_);  // of a guest nothing else may count, and then libev does not wait
    }
    ~Level() {
      ev_unref(loop_.loop_);
      loop_.base_depth_ = outer_depth_;
      loop_.stepping_ = outer_stepping_;
    }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    EvLoop& loop_;
    unsigned outer_depth_;
    bool outer_stepping_;
  };

  bool counts() const noexcept { return own_ || hold_; }

  /// libev tells the system of new watches when it next begins to wait; on_prepare() looks at them just before.
  Watch& add(int fd) {
    if (fcntl(fd, F_GETFD) < 0)
      throw std::system_error(errno, std::generic_category(), "cannot watch descriptor " + std::to_string(fd));
    fresh_.push_back(fd);
    Watch& watch = watches_.add(fd);
    ev_io_init(&watch.io.raw, on_ready, fd, 0);
    watch.io.raw.data = this;
    prepare_.start(loop_, bool(own_));
    return watch;
  }

  void start_timer(Watcher<ev_timer>& timer, std::int64_t wait_ns, bool counts) noexcept {
    timer.stop(loop_);
    ev_now_update(loop_);  // libev's timers count from the time it has last seen
    ev_timer_set(&timer.raw, static_cast<double>(wait_ns) / 1e9, 0.);
    timer.start(loop_, counts);
  }

  void cancel_soon() noexcept {
    idle_.stop(loop_);
    soon_.stop(loop_);
  }

  void end_batch(std::uint32_t reason) noexcept {
    reasons_ |= reason;
    ev_feed_event(loop_, &turn_, EV_CUSTOM);
  }

  void turn(std::uint32_t reason) {
    std::uint32_t reasons = std::exchange(reasons_, 0) | reason;
    if (reasons == 0) return;
    if (ev_depth(loop_) > base_depth_ + 1) reasons |= POE_TURN_NESTED;
    end_step();
    host_.turn(reasons);
  }

  /// What was left to deliver comes before the wait of a run-once, which must then not begin.
  void end_step() noexcept {
    if (stepping_ && ev_depth(loop_) == base_depth_ + 1) ev_break(loop_, EVBREAK_ONE);
  }

  static void on_ready(struct ev_loop*, ev_io* io, int events) {
    EvLoop& self = *static_cast<EvLoop*>(io->data);
    const auto here = self.host_.enter();
    Watch& watch = *self.watches_.find(io->fd);
    if (events & EV_ERROR) self.revive(watch);
    const std::uint32_t told = poe::libev::from_ev(events) & watch.interest;
    if (told == 0) return;
    self.end_batch(POE_TURN_READY);
    self.host_.ready(watch.token, told);
  }

  /// libev has given the descriptor up: it is closed, or the system would not take it.
  void revive(Watch& watch) {
    if (fcntl(watch.io.raw.fd, F_GETFD) >= 0) return watch.io.start(loop_, counts());
    host_.error(watch.token, -EBADF, EBADF, "a watched descriptor was closed; forget it before you close it");
  }

  /// Debian's libev aborts the process when it is to begin watching a descriptor that has been closed meanwhile.
  static void on_prepare(struct ev_loop* loop, ev_prepare* prepare, int) {
    EvLoop& self = *static_cast<EvLoop*>(prepare->data);
    const auto here = self.host_.enter();
    self.prepare_.stop(loop);
    for (const int fd : self.fresh_) {
      Watch* watch = self.watches_.find(fd);
      if (watch && fcntl(fd, F_GETFD) < 0) watch->io.stop(loop);  // as epoll: a closed one is silent
    }
    self.fresh_.clear();
  }

  static void on_wake(struct ev_loop*, ev_io* io, int) {
    EvLoop& self = *static_cast<EvLoop*>(io->data);
    self.waker_.drain();
    self.end_batch(POE_TURN_WOKEN);
  }

  static void on_turn(struct ev_loop*, ev_watcher* turn, int) {
    EvLoop& self = *static_cast<EvLoop*>(turn->data);
    const auto here = self.host_.enter();
    if (!self.host_.closing()) return self.turn(0);
    self.end_step();
    self.host_.finish();
  }

  static void on_soon(struct ev_loop*, ev_check* soon, int) {
    EvLoop& self = *static_cast<EvLoop*>(soon->data);
    const auto here = self.host_.enter();
    self.cancel_soon();
    self.turn(POE_TURN_DEADLINE);
  }

  static void on_deadline(struct ev_loop*, ev_timer* timer, int) {
    EvLoop& self = *static_cast<EvLoop*>(timer->data);
    const auto here = self.host_.enter();
    // libev counts in floating point, from a time that it rounds: it may be early by some nanoseconds.
    const std::int64_t left_ns = poe::loop::ns_until(self.deadline_ns_, poe::loop::monotonic_ns());
    left_ns == 0 ? self.turn(POE_TURN_DEADLINE) : self.start_timer(self.deadline_, left_ns, self.counts());
  }

  static void on_limit(struct ev_loop*, ev_timer*, int) {}  // a step has waited long enough
  static void on_idle(struct ev_loop*, ev_idle*, int) {}    // while started, the loop does not wait

  poe::loop::Host host_;
  OwnLoop own_;           // empty for a guest
  struct ev_loop* loop_;  // own_ or the host's
  poe::loop::Waker waker_;
  Watcher<ev_io> wake_;
  Watcher<ev_timer> deadline_;
  Watcher<ev_timer> limit_;  // of a step
  Watcher<ev_idle> idle_;
  Watcher<ev_check> soon_;  // POE_NOW_NS and deadlines already past: runs once the host has had its own
  Watcher<ev_prepare> prepare_;
  ev_watcher turn_{};  // never started, only fed: ends a batch; after close(): brings the end
  poe::libev::Watches watches_;
  std::vector<int> fresh_;  // watched since libev last began to wait
  std::int64_t deadline_ns_ = POE_NEVER_NS;
  std::uint32_t reasons_ = 0;  // of the turn that turn_ brings
  unsigned base_depth_ = 0;    // ev_depth() outside the innermost step() or run()
  bool stepping_ = false;      // the innermost of them is a step
  bool* ended_ = nullptr;      // of the innermost run()
  bool early_stop_ = false;    // stop() came before run()
  bool hold_ = false;
};

}  // namespace

POE_EXPORT_LOOP(EvLoop)
