// SPDX-License-Identifier: MIT
//
// The loop over systemd's sd-event: one of its own, or a guest of the program's. All descriptors are in an epoll set of
// ours, which is one I/O source of the host's.
//
// Why not a source a descriptor: sd-event dispatches one source a round, with a wait of its own before each, so that a
// batch would cost a system call a report, and its turn might never come while a descriptor stays ready.

#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <system_error>

#include "poe/loop/epoll_watches.hpp"
#include "poe/loop_plugin.hpp"
#include "sdevent_source.hpp"

namespace {

using poe::sdevent::check;
using poe::sdevent::Event;
using poe::sdevent::Source;

class SdEventLoop {
 public:
  static constexpr char kName[] = "sdevent";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "sd-event";
  static constexpr char kLicence[] = "LGPL-2.1-or-later";
  static constexpr char kHostSonames[] = "libsystemd.so.0";
  static constexpr std::uint64_t kCapabilities =
      poe::loop::bits(POE_CAP_PRIORITY, POE_CAP_HANGUP_BIT, POE_CAP_ERROR_BIT, POE_CAP_FOREIGN, POE_CAP_UNREF,
                      POE_CAP_SUB_MS, POE_CAP_FORK_ABANDON);
  static const char* library_version() { return POE_SDEVENT_VERSION; }  // it cannot say at run time
  static int probe(void** ret_foreign, const char** ret_reason) { return poe::sdevent::probe(ret_foreign, ret_reason); }

  SdEventLoop(poe::loop::Host host, const poe_create& how)
      : host_(host), guest_(how.foreign != nullptr), event_(poe::sdevent::open_event(how)) {
    constexpr char kCannotAdd[] = "cannot add a source to the sd_event loop";
    sd_event_source* made = nullptr;
    check(sd_event_add_io(event_.get(), &made, watches_.fd(), EPOLLIN, on_ready, this), kCannotAdd);
    io_.reset(made);
    // Accuracy 1 µs: 0 would mean a quarter of a second.
    check(sd_event_add_time(event_.get(), &made, CLOCK_MONOTONIC, UINT64_MAX, 1, on_time, this), kCannotAdd);
    time_.reset(made);
    check(sd_event_add_defer(event_.get(), &made, on_soon, this), kCannotAdd);
    soon_.reset(made);
    check(sd_event_source_set_enabled(time_.get(), SD_EVENT_OFF), "cannot stop an sd_event timer");
    check(sd_event_source_set_enabled(soon_.get(), SD_EVENT_OFF), "cannot stop an sd_event source");
    check(sd_event_source_set_priority(soon_.get(), SD_EVENT_PRIORITY_IDLE), "cannot set an sd_event priority");
    if (guest_) watch_exit();
  }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) { watches_.watch(fd, interest, token); }

  void arm(std::int64_t deadline_ns) {
    set_deadline(deadline_ns);
    const bool never = deadline_ns == POE_NEVER_NS;
    const bool past = !never && deadline_ns <= poe::loop::monotonic_ns();
    check(sd_event_source_set_enabled(soon_.get(), past ? SD_EVENT_ONESHOT : SD_EVENT_OFF), kCannotArm);
    if (!past && !never) {
      const auto us = static_cast<std::uint64_t>(poe::loop::rounded_up(deadline_ns, poe::loop::kNsPerUs));
      check(sd_event_source_set_time(time_.get(), us), kCannotArm);
    }
    check(sd_event_source_set_enabled(time_.get(), past || never ? SD_EVENT_OFF : SD_EVENT_ONESHOT), kCannotArm);
  }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    if (guest_)
      throw poe::loop::Refusal(-ENOTSUP, "a guest of sd-event is not stepped: the host's sd_event_loop() drives it");
    const std::int64_t start_ns = poe::loop::monotonic_ns();
    const std::int32_t before = host_.delivered();
    std::int64_t left_ns = max_wait_ns;
    do {
      const auto us = static_cast<std::uint64_t>(poe::loop::rounded_up(left_ns, poe::loop::kNsPerUs));
      check(sd_event_run(event_.get(), left_ns == POE_NEVER_NS ? UINT64_MAX : us), "cannot run the sd_event loop");
      if (max_wait_ns != POE_NEVER_NS)
        left_ns = std::max<std::int64_t>(0, max_wait_ns - (poe::loop::monotonic_ns() - start_ns));
    } while (left_ns != 0 && host_.delivered() == before && !host_.closing());
  }

  /// sd_event_loop() runs until it is told to exit, whoever has work in it.
  void hold(bool) noexcept {}

  /// The descriptor that libsystemd documents for this. Timers are in it, too, once they have been prepared for: the
  /// deadline is for those that have not.
  void pollable(poe_pollable& answer) const {
    if (guest_) throw poe::loop::Refusal(-ENOTSUP, "a guest of sd-event is driven by its host: embed the host");
    answer.events = POE_READ;
    answer.handle = sd_event_get_fd(event_.get());
    answer.deadline_ns = deadline_ns_;
    answer.generation = generation_;
  }

  void close() {
    io_.reset();
    time_.reset();
    // A busy host must not keep us for ever.
    check(sd_event_source_set_priority(soon_.get(), SD_EVENT_PRIORITY_NORMAL), "cannot leave the sd_event loop");
    check(sd_event_source_set_enabled(soon_.get(), SD_EVENT_ONESHOT), "cannot leave the sd_event loop");  // ends us
  }

  /// Our sources end with us. That is no call into a dead loop: our reference has kept it.
  void abandon() noexcept {
    watches_.close();
    waker_.close();
  }

 private:
  static constexpr char kCannotArm[] = "cannot arm the sd_event timer";

  /// A loop that was told to exit never runs again. The last of its exit sources, so that the program's own come first.
  void watch_exit() {
    sd_event_source* made = nullptr;
    check(sd_event_add_exit(event_.get(), &made, on_exit, this), "cannot add a source to the sd_event loop");
    exit_.reset(made);
    check(sd_event_source_set_priority(made, SD_EVENT_PRIORITY_IDLE), "cannot set an sd_event priority");
  }

  void set_deadline(std::int64_t deadline_ns) noexcept {
    generation_ += deadline_ns != deadline_ns_;
    deadline_ns_ = deadline_ns;
  }

  /// Nothing may be thrown through libsystemd.
  void follow_set() noexcept {
    const int code = sd_event_source_set_io_fd(io_.get(), watches_.fd());
    if (code < 0) host_.error(0, code, -code, "cannot watch the epoll set with sd-event: no descriptor is served now");
  }

  static int on_ready(sd_event_source*, int, std::uint32_t, void* argument) {
    SdEventLoop& self = self_of(argument);
    const auto here = self.host_.enter();
    self.watches_.serve(self.host_, self.waker_, [&self] { self.follow_set(); });
    return 0;
  }

  static int on_time(sd_event_source*, std::uint64_t, void* argument) {
    SdEventLoop& self = self_of(argument);
    const auto here = self.host_.enter();
    self.set_deadline(POE_NEVER_NS);
    self.host_.turn(POE_TURN_DEADLINE);
    return 0;
  }

  static int on_soon(sd_event_source* source, void* argument) {
    SdEventLoop& self = self_of(argument);
    if (!self.host_.closing()) return on_time(source, 0, argument);
    const auto here = self.host_.enter();
    self.host_.finish();
    return 0;
  }

  static int on_exit(sd_event_source*, void* argument) {
    SdEventLoop& self = self_of(argument);
    const auto here = self.host_.enter();
    self.host_.closing() ? self.host_.finish() : self.host_.host_gone();
    return 0;
  }

  static SdEventLoop& self_of(void* argument) noexcept { return *static_cast<SdEventLoop*>(argument); }

  poe::loop::Host host_;
  const bool guest_;
  Event event_;
  poe::loop::Waker waker_;
  poe::loop::EpollWatches watches_{waker_.fd()};
  Source io_;    // of watches_
  Source time_;  // the deadline
  Source soon_;  // POE_NOW_NS and deadlines already past; after close(): brings the end
  Source exit_;  // of a guest
  std::int64_t deadline_ns_ = POE_NEVER_NS;
  std::uint64_t generation_ = 0;  // of what pollable() says
};

}  // namespace

POE_EXPORT_LOOP(SdEventLoop)
