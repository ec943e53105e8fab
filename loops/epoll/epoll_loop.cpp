// SPDX-License-Identifier: MIT
//
// The loop over Linux epoll: level-triggered, nanosecond deadlines, and itself a descriptor that another loop can
// wait for. One system call a step; one a change of interest, none where the interest stays.

#include <poll.h>
#include <sys/epoll.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "poe/loop/deadline.hpp"
#include "poe/loop/epoll_watches.hpp"
#include "poe/loop/os_release.hpp"
#include "poe/loop_plugin.hpp"

namespace {

using Batch = poe::loop::EpollWatches::Batch;

class EpollLoop {
 public:
  static constexpr char kName[] = "epoll";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "Linux epoll";
  static constexpr char kLicence[] = "GPL-2.0-only WITH Linux-syscall-note";
  static constexpr char kHostSonames[] = "";
  static constexpr std::uint64_t kCapabilities =
      poe::loop::bits(POE_CAP_NESTED_STEP, POE_CAP_PRIORITY, POE_CAP_HANGUP_BIT, POE_CAP_ERROR_BIT, POE_CAP_SUB_MS,
                      POE_CAP_FORK_ABANDON);
  static const char* library_version() { return poe::loop::os_release(); }

  EpollLoop(poe::loop::Host host, const poe_create&) : host_(host) {}

  void watch(int fd, std::uint32_t interest, std::uint64_t token) { watches_.watch(fd, interest, token); }

  void arm(std::int64_t deadline_ns) noexcept { generation_ += deadline_.arm(deadline_ns); }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    generation_ += watches_.refresh().has_value();
    Batch batch;  // on the stack, so that a step inside a handler has its own
    const int count = wait(batch, deadline_.limit(max_wait_ns));
    const bool woken = watches_.deliver(host_, batch, count);
    if (woken) waker_.drain();
    std::uint32_t reasons = woken ? POE_TURN_WOKEN : 0u;
    if (deadline_.take_due()) reasons |= POE_TURN_DEADLINE, ++generation_;
    host_.turn(reasons);
  }

  void pollable(poe_pollable& answer) const noexcept {
    answer.events = POE_READ;
    answer.handle = watches_.fd();
    answer.deadline_ns = deadline_.at_ns();
    answer.generation = generation_;
  }

  void abandon() noexcept {
    watches_.close();
    waker_.close();
  }

 private:
  /// The number of reports; 0 for a time-out or a signal.
  int wait(Batch& batch, std::int64_t wait_ns) {
    const bool timed = wait_ns != 0 && wait_ns != POE_NEVER_NS;
    const int count = timed ? wait_timed(batch, poe::loop::to_timespec(wait_ns)) : take(batch, wait_ns == 0 ? 0 : -1);
    if (count >= 0) return count;
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "cannot wait with epoll");
    return 0;
  }

  int wait_timed(Batch& batch, const timespec& limit) {
    if (!old_system_) {
      const int count = epoll_pwait2(watches_.fd(), batch.data(), static_cast<int>(batch.size()), &limit, nullptr);
      if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
      old_system_ = true;
    }
    pollfd set{watches_.fd(), POLLIN, 0};  // two calls, but as fine: epoll_wait alone counts whole milliseconds
    const int any = ppoll(&set, 1, &limit, nullptr);
    return any <= 0 ? any : take(batch, 0);
  }

  int take(Batch& batch, int timeout_ms) const noexcept {
    return epoll_wait(watches_.fd(), batch.data(), static_cast<int>(batch.size()), timeout_ms);
  }

  poe::loop::Host host_;
  poe::loop::Waker waker_;
  poe::loop::EpollWatches watches_{waker_.fd()};
  poe::loop::Deadline deadline_;
  std::uint64_t generation_ = 0;  // of what pollable() says
  bool old_system_ = false;       // no epoll_pwait2: before Linux 5.11, or hidden by a sandbox
};

}  // namespace

POE_EXPORT_LOOP(EpollLoop)
