// SPDX-License-Identifier: MIT
//
// The loop over libevent: its own event_base, or a guest of the program's. A batch of reports ends with a turn by an
// event that the first report activates: it comes last in the list of active events that libevent is going through.
// libevent folds errors and hang-ups into READ and WRITE, knows no priority data, and an event of ours always keeps
// the host's loop running.

#include <event2/event.h>
#include <event2/event_struct.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>

#include "event_symbols.hpp"
#include "event_watch.hpp"
#include "poe/loop/spare.hpp"
#include "poe/loop_plugin.hpp"

namespace {

using poe::libevent::Watch;

struct FreeBase {
  void operator()(event_base* base) const noexcept { event_base_free(base); }
};
struct FreeConfig {
  void operator()(event_config* config) const noexcept { event_config_free(config); }
};
using OwnBase = std::unique_ptr<event_base, FreeBase>;

OwnBase open_base(const poe_create& how) {
  poe::libevent::require_true_symbols();
  if (how.foreign) return nullptr;
  // For its set, its timer and a pair for signals; libevent calls exit() where the pair cannot be made.
  poe::loop::require_descriptors(4, "a libevent base");
  const std::unique_ptr<event_config, FreeConfig> config(event_config_new());
  // Not cached: a time that is older than the turn we arm in would fire early, and have to be waited for again.
  if (config) event_config_set_flag(config.get(), EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_NO_CACHE_TIME);
  OwnBase base(config ? event_base_new_with_config(config.get()) : nullptr);
  if (!base) poe::libevent::fail(errno, "cannot make a libevent base");
  return base;
}

class EventLoop {
 public:
  static constexpr char kName[] = "event";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "libevent";
  static constexpr char kLicence[] = "BSD-3-Clause";
  static constexpr char kHostSonames[] = "libevent_core-2.1.so.7 libevent-2.1.so.7";
  static constexpr std::uint64_t kCapabilities = poe::loop::bits(POE_CAP_FOREIGN, POE_CAP_FORK_ABANDON);
  static const char* library_version() { return event_get_version(); }

  EventLoop(poe::loop::Host host, const poe_create& how)
      : host_(host), own_(open_base(how)), base_(own_ ? own_.get() : static_cast<event_base*>(how.foreign)) {
    event_assign(&wake_, base_, waker_.fd(), EV_READ | EV_PERSIST, on_wake, this);
    event_assign(&turn_, base_, -1, 0, on_turn, this);
    evtimer_assign(&deadline_, base_, on_deadline, this);
    evtimer_assign(&limit_, base_, on_limit, nullptr);
    evtimer_assign(&soon_, base_, on_soon, this);
    // Below everything of the host's: libevent looks at no lower priority while a higher one has work.
    event_priority_set(&soon_, event_base_get_npriorities(base_) - 1);
    if (event_add(&wake_, nullptr) != 0)
      poe::libevent::fail(errno, "cannot watch the wake-up descriptor with libevent");
  }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    if (interest == 0) return watches_.drop(fd);
    Watch* watch = watches_.find(fd);
    if (!watch) watch = &add(fd);
    watch->token = token;
    if (watch->interest == interest) return;
    const bool fresh = watch->interest == 0;
    try {
      watch->listen(base_, interest, on_ready);
    } catch (...) {
      if (fresh) watches_.drop(fd);
      throw;
    }
  }

  void arm(std::int64_t deadline_ns) {
    deadline_ns_ = deadline_ns;
    event_del(&deadline_);
    event_del(&soon_);
    if (deadline_ns == POE_NEVER_NS) return;
    const std::int64_t wait_ns = poe::loop::ns_until(deadline_ns, poe::loop::monotonic_ns());
    add_timer(wait_ns == 0 ? soon_ : deadline_, wait_ns);
  }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    if (!own_)
      throw poe::loop::Refusal(-ENOTSUP, "a guest of libevent is not stepped: the host's event_base_loop() drives it");
    const std::int64_t start_ns = poe::loop::monotonic_ns();
    const std::int32_t before = host_.delivered();
    std::int64_t left_ns = max_wait_ns;
    do {
      if (left_ns != 0 && left_ns != POE_NEVER_NS) add_timer(limit_, left_ns);
      loop(left_ns == 0 ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
      if (max_wait_ns != POE_NEVER_NS)
        left_ns = std::max<std::int64_t>(0, max_wait_ns - (poe::loop::monotonic_ns() - start_ns));
    } while (left_ns != 0 && host_.delivered() == before && !host_.closing());
    event_del(&limit_);
  }

  void run() {
    if (!own_)
      throw poe::loop::Refusal(-ENOTSUP, "a guest of libevent has no run of its own: call event_base_dispatch()");
    running_ = true;
    while (!stop_ && !host_.closing()) loop(0);
    running_ = stop_ = false;
  }

  int stop() {
    if (!own_) return -ENOTSUP;
    stop_ = true;  // kept here: event_base_loopbreak() before the loop runs is lost
    if (running_) event_base_loopbreak(base_);
    return 0;
  }

  /// There are no unreferenced events, so 0 has been refused and 1 holds already.
  void hold(bool) noexcept {}

  void close() {
    watches_.clear();
    for (event* ours : {&wake_, &turn_, &deadline_, &soon_, &limit_}) event_del(ours);
    add_timer(deadline_, 0);  // which ends us
    if (running_) event_base_loopbreak(base_);
  }

  /// A guest's events stay in the dead or forked base, which must not run again: their memory goes.
  void abandon() noexcept {
    // In a forked child the epoll set is still the parent's: libevent makes a new one first.
    if (own_ && getpid() != process_) event_reinit(base_);
    own_.reset();
    waker_.close();
  }

 private:
  Watch& add(int fd) {
    if (const int error = poe::libevent::refusal(base_, fd)) {
      const std::string what = "cannot watch descriptor " + std::to_string(fd) + " with libevent";
      poe::libevent::fail(error, error == EPERM ? what + ", which takes no regular files" : what);
    }
    return watches_.add(this, fd);
  }

  void loop(int flags) {
    if (event_base_loop(base_, flags) < 0) poe::libevent::fail(errno, "libevent cannot wait");
  }

  static int start_timer(event& timer, std::int64_t wait_ns) noexcept {
    const std::int64_t us = poe::loop::rounded_up(wait_ns, poe::loop::kNsPerUs);
    const timeval wait{static_cast<time_t>(us / 1'000'000), static_cast<suseconds_t>(us % 1'000'000)};
    return event_add(&timer, &wait);
  }

  static void add_timer(event& timer, std::int64_t wait_ns) {
    if (start_timer(timer, wait_ns) != 0) poe::libevent::fail(ENOMEM, "libevent cannot add a timer");
  }

  void end_batch(std::uint32_t reason) noexcept {
    if (std::exchange(reasons_, reasons_ | reason) == 0) event_active(&turn_, EV_READ, 0);
  }

  void turn(std::uint32_t reason) {
    const std::uint32_t reasons = std::exchange(reasons_, 0) | reason;
    if (reasons != 0) host_.turn(reasons);
  }

  static void on_ready(evutil_socket_t, short events, void* argument) {
    const Watch& watch = *static_cast<Watch*>(argument);
    EventLoop& self = *static_cast<EventLoop*>(watch.owner);
    const auto here = self.host_.enter();
    const std::uint32_t told = poe::libevent::from_event(events) & watch.interest;
    if (told == 0) return;
    self.end_batch(POE_TURN_READY);
    self.host_.ready(watch.token, told);
  }

  static void on_wake(evutil_socket_t, short, void* argument) {
    EventLoop& self = *static_cast<EventLoop*>(argument);
    self.waker_.drain();
    self.end_batch(POE_TURN_WOKEN);
  }

  static void on_turn(evutil_socket_t, short, void* argument) {
    EventLoop& self = *static_cast<EventLoop*>(argument);
    const auto here = self.host_.enter();
    self.turn(0);
  }

  static void on_soon(evutil_socket_t, short, void* argument) {
    EventLoop& self = *static_cast<EventLoop*>(argument);
    const auto here = self.host_.enter();
    self.turn(POE_TURN_DEADLINE);
  }

  static void on_deadline(evutil_socket_t, short, void* argument) {
    EventLoop& self = *static_cast<EventLoop*>(argument);
    const auto here = self.host_.enter();
    if (self.host_.closing()) return self.host_.finish();
    // libevent's clock is coarse, and a host's cached besides: it may be early by a few ms.
    const std::int64_t left_ns = poe::loop::ns_until(self.deadline_ns_, poe::loop::monotonic_ns());
    if (left_ns == 0) return self.turn(POE_TURN_DEADLINE);
    if (start_timer(self.deadline_, left_ns) != 0)  // nothing may be thrown through libevent
      self.host_.error(0, -ENOMEM, ENOMEM, "libevent cannot add a timer: the deadline is lost");
  }

  static void on_limit(evutil_socket_t, short, void*) {}  // a step has waited long enough

  poe::loop::Host host_;
  OwnBase own_;       // empty for a guest
  event_base* base_;  // own_ or the host's
  poe::loop::Waker waker_;
  event wake_{};
  event turn_{};      // never added, only activated: ends a batch
  event deadline_{};  // after close(): brings the end
  event limit_{};     // of a step
  event soon_{};      // POE_NOW_NS and deadlines already past
  poe::libevent::Watches watches_;
  std::int64_t deadline_ns_ = POE_NEVER_NS;
  std::uint32_t reasons_ = 0;  // of the turn that turn_ brings
  const pid_t process_ = getpid();
  bool running_ = false;
  bool stop_ = false;
};

}  // namespace

POE_EXPORT_LOOP(EventLoop)
