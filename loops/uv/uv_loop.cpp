// SPDX-License-Identifier: MIT
//
// The loop over libuv: its own uv_loop_t, or a guest of the program's. One uv_poll_t a descriptor, a timer for the
// deadline, a check handle that ends each batch of reports with a turn, and an idle handle that lets the loop come
// round for POE_NOW_NS after the host had timers, descriptors and closings of its own.

#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "poe/loop/registry.hpp"
#include "poe/loop_plugin.hpp"
#include "uv_own_loop.hpp"
#include "uv_watch.hpp"

namespace {

using poe::uv::base;
using poe::uv::OwnLoop;
using poe::uv::Watch;

class UvLoop {
 public:
  static constexpr char kName[] = "uv";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "libuv";
  static constexpr char kLicence[] = "MIT";
  static constexpr char kHostSonames[] = "libuv.so.1";
  static constexpr std::uint64_t kCapabilities =
      poe::loop::bits(POE_CAP_PRIORITY, POE_CAP_ERROR_BIT, POE_CAP_FOREIGN, POE_CAP_UNREF, POE_CAP_FORK_ABANDON);
  static const char* library_version() { return uv_version_string(); }

  UvLoop(poe::loop::Host host, const poe_create& how)
      : host_(host), own_(poe::uv::open_loop(how)), loop_(own_ ? own_.get() : static_cast<uv_loop_t*>(how.foreign)) {
    // The only call that can fail comes first: a handle that a loop knows must be closed by that loop.
    if (const int code = poe::uv::init_poll(loop_, &wake_, waker_.fd()))
      poe::uv::fail(code, "cannot watch the wake-up descriptor with libuv");
    uv_timer_init(loop_, &deadline_);
    uv_timer_init(loop_, &limit_);
    uv_check_init(loop_, &check_);
    uv_idle_init(loop_, &idle_);
    for (uv_handle_t* handle : handles()) {
      handle->data = this;
      if (!own_) uv_unref(handle);  // an own loop lives by its wake-up handle
    }
    open_ = handles().size();
    uv_poll_start(&wake_, UV_READABLE, on_wake);
  }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    Watch* watch = watches_.find(fd);
    if (interest == 0) return watch ? watches_.retire(*watch, on_watch_closed) : void();
    if (!watch) watch = &add(fd);
    watch->token = token;
    if (std::exchange(watch->interest, interest) != interest) start(*watch);
  }

  void arm(std::int64_t deadline_ns) {
    cancel_soon();
    uv_timer_stop(&deadline_);
    if (deadline_ns == POE_NEVER_NS) return;
    if (deadline_ns == POE_NOW_NS) return come_round(POE_TURN_DEADLINE);
    // libuv's time is CLOCK_MONOTONIC in whole ms, rounded down: a timer due at the deadline rounded up is never early.
    uv_update_time(loop_);
    const std::uint64_t now = uv_now(loop_);
    const auto due = static_cast<std::uint64_t>(poe::loop::rounded_up(deadline_ns, poe::loop::kNsPerMs));
    // Not a timer of 0 ms: armed in a timer callback it would fire in the same pass, and so on for ever.
    if (due <= now) return come_round(POE_TURN_DEADLINE);
    uv_timer_start(&deadline_, on_deadline, due - now, 0);
  }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    if (!own_) throw poe::loop::Refusal(-ENOTSUP, "a guest of libuv is not stepped: the host's uv_run() drives it");
    const std::int64_t start_ns = poe::loop::monotonic_ns();
    const std::int32_t before = host_.delivered();
    std::int64_t left_ns = max_wait_ns;
    stepping_ = true;
    do {
      if (left_ns != 0 && left_ns != POE_NEVER_NS) limit(left_ns);
      uv_run(loop_, left_ns == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
      if (max_wait_ns != POE_NEVER_NS)
        left_ns = std::max<std::int64_t>(0, max_wait_ns - (poe::loop::monotonic_ns() - start_ns));
    } while (left_ns != 0 && host_.delivered() == before && !host_.closing());
    stepping_ = false;
    uv_timer_stop(&limit_);
  }

  void run() {
    if (!own_) throw poe::loop::Refusal(-ENOTSUP, "a guest of libuv has no run of its own: call uv_run() on the host");
    running_ = true;
    while (!stop_ && !host_.closing()) uv_run(loop_, UV_RUN_DEFAULT);
    running_ = stop_ = false;
  }

  int stop() {
    if (!own_) return -ENOTSUP;
    stop_ = true;
    if (running_) uv_stop(loop_);
    return 0;
  }

  /// A handle counts only while it is active: held, the host runs while there is a watch or a deadline.
  void hold(bool keep_host_running) {
    if (own_) return;
    hold_ = keep_host_running;
    for (uv_handle_t* handle : {base(deadline_), base(idle_)}) refer(handle);
    watches_.for_each([&](Watch& watch) { refer(base(watch.poll)); });
  }

  void close() {
    ending_ = true;
    close_handles();
    if (stepping_ || running_) uv_stop(loop_);
  }

  /// A guest's handles stay linked in the dead or forked host, which must not run again: their memory goes.
  void abandon() noexcept {
    ending_ = false;
    if (own_) drain();
    waker_.close();
  }

 private:
  std::array<uv_handle_t*, 5> handles() noexcept {
    return {base(wake_), base(deadline_), base(limit_), base(check_), base(idle_)};
  }

  Watch& add(int fd) {
    Watch& watch = watches_.add(loop_, fd);
    watch.owner = this;
    ++open_;
    refer(base(watch.poll));
    return watch;
  }

  void start(Watch& watch) noexcept { uv_poll_start(&watch.poll, poe::uv::to_uv(watch.interest), on_poll); }

  void refer(uv_handle_t* handle) noexcept { own_ || hold_ ? uv_ref(handle) : uv_unref(handle); }

  /// A turn at the end of this batch.
  void end_batch(std::uint32_t reason) noexcept {
    reasons_ |= reason;
    uv_check_start(&check_, on_check);
  }

  /// A turn once the loop has come round without waiting.
  void come_round(std::uint32_t reason) noexcept {
    uv_idle_start(&idle_, [](uv_idle_t*) {});
    end_batch(reason);
  }

  void cancel_soon() noexcept {
    uv_idle_stop(&idle_);
    reasons_ &= ~POE_TURN_DEADLINE;
    if (reasons_ == 0) uv_check_stop(&check_);
  }

  void turn(std::uint32_t reason) {
    const std::uint32_t reasons = std::exchange(reasons_, 0) | reason;
    uv_check_stop(&check_);
    uv_idle_stop(&idle_);
    // With the stop flag set uv_run() does not wait any more: run-once would fire a timer and then block.
    if (stepping_) uv_stop(loop_);
    if (reasons != 0) host_.turn(reasons);
  }

  /// A step waits no longer than this. Due before libuv has begun to wait, as happens when its clock of milliseconds
  /// ticks at that moment, it must keep it from waiting at all: nothing else might ever wake it.
  void limit(std::int64_t wait_ns) noexcept {
    uv_update_time(loop_);
    const auto ms = static_cast<std::uint64_t>(poe::loop::rounded_up(wait_ns, poe::loop::kNsPerMs));
    uv_timer_start(
        &limit_, [](uv_timer_t* timer) { uv_stop(timer->loop); }, ms, 0);
  }

  static void on_poll(uv_poll_t* poll, int status, int events) {
    Watch& watch = *static_cast<Watch*>(poll->data);
    UvLoop& self = *static_cast<UvLoop*>(watch.owner);
    const auto here = self.host_.enter();
    self.report(watch, status < 0 ? self.revive(watch) : poe::uv::from_uv(events));
  }

  void report(const Watch& watch, std::uint32_t events) {
    const std::uint32_t told = poe::loop::events_to_tell(events, watch.interest);
    if (told == 0) return;
    end_batch(POE_TURN_READY);
    host_.ready(watch.token, told);
  }

  /// libuv stops a handle whose descriptor is in error (a pipe without reader, a refused connect) and calls it EBADF.
  std::uint32_t revive(Watch& watch) {
    if (fcntl(watch.fd, F_GETFD) >= 0)
      start(watch);
    else  // really closed: libuv would abort the process
      host_.error(watch.token, -EBADF, EBADF, "a watched descriptor was closed; forget it before you close it");
    return POE_ERROR;
  }

  static void on_wake(uv_poll_t* poll, int, int) {
    UvLoop& self = *static_cast<UvLoop*>(poll->data);
    self.waker_.drain();
    self.end_batch(POE_TURN_WOKEN);
  }

  static void on_check(uv_check_t* check) {
    UvLoop& self = *static_cast<UvLoop*>(check->data);
    const auto here = self.host_.enter();
    self.turn(0);
  }

  static void on_deadline(uv_timer_t* timer) {
    UvLoop& self = *static_cast<UvLoop*>(timer->data);
    const auto here = self.host_.enter();
    self.turn(POE_TURN_DEADLINE);
  }

  void close_handles() noexcept {
    for (uv_handle_t* handle : handles())
      if (!uv_is_closing(handle)) uv_close(handle, on_closed);
    watches_.for_each([this](Watch& watch) { watches_.retire(watch, on_watch_closed); });
  }

  /// Ends an own loop at once. In a forked child the epoll set is still the parent's: libuv makes a new one first.
  void drain() noexcept {
    if (getpid() != process_ && uv_loop_fork(loop_) != 0) {
      static_cast<void>(own_.release());  // no descriptor left for that: better leaked than taken from the parent
      return;
    }
    close_handles();
    while (open_ != 0) uv_run(loop_, UV_RUN_NOWAIT);
  }

  static void on_watch_closed(uv_handle_t* handle) {
    Watch& watch = *static_cast<Watch*>(handle->data);
    UvLoop& self = *static_cast<UvLoop*>(watch.owner);
    self.watches_.free(watch);
    self.one_closed();
  }

  static void on_closed(uv_handle_t* handle) { static_cast<UvLoop*>(handle->data)->one_closed(); }

  void one_closed() {
    const auto here = host_.enter();
    if (--open_ == 0 && ending_) host_.finish();
  }

  poe::loop::Host host_;
  OwnLoop own_;      // empty for a guest
  uv_loop_t* loop_;  // own_ or the host's
  poe::loop::Waker waker_;
  uv_poll_t wake_{};
  uv_timer_t deadline_{};
  uv_timer_t limit_{};  // of a step
  uv_check_t check_{};  // runs after the descriptors of each iteration; started when a turn is due
  uv_idle_t idle_{};    // while started, the loop does not wait
  poe::uv::Watches watches_;
  std::size_t open_ = 0;       // handles that libuv knows, closing ones included
  std::uint32_t reasons_ = 0;  // of the turn that check_ brings
  const pid_t process_ = getpid();
  bool hold_ = false;
  bool stepping_ = false;
  bool running_ = false;
  bool stop_ = false;
  bool ending_ = false;  // close() was called: the last handle ends it all
};

}  // namespace

POE_EXPORT_LOOP(UvLoop)
