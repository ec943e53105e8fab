// SPDX-License-Identifier: MIT
//
// The loop over Linux io_uring: each watch is a one-shot poll, submitted with the wait that needs it. A step costs one
// system call, a changed or forgotten watch one more.
//
// Why not multishot polls: they report edges, and the contract wants levels. Why no PRIORITY: Linux (6.18) does not
// wake a poll that asks for POLLPRI alone, as it counts that bit among its own flags.

#include <fcntl.h>
#include <liburing.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "poe/loop/deadline.hpp"
#include "poe/loop/os_release.hpp"
#include "poe/loop/registry.hpp"
#include "poe/loop_plugin.hpp"
#include "uring_ring.hpp"

namespace {

constexpr std::uint64_t kWakeKey = UINT64_MAX;
constexpr std::uint64_t kNobodysKey = UINT64_MAX - 1;  // of cancellations

/// The poll of this registration that is under way, or none.
struct Poll {
  std::uint32_t serial = 0;  // of the last one, so that a stale completion is known
  bool under_way = false;
  bool queued = false;  // in to_poll_
};

/// A poll that ended with an error.
struct Broken {
  int fd;
  std::uint32_t generation;  // of the watch it was for
  int code;
};

/// What one step took from the ring.
struct Taken {
  std::vector<poe::loop::Report> reports;
  std::vector<Broken> broken;
  bool woken = false;
};

class UringLoop {
 public:
  static constexpr char kName[] = "uring";
  static constexpr char kVersion[] = "1.0.0";
  static constexpr char kLibrary[] = "Linux io_uring";
  static constexpr char kLicence[] = "MIT OR LGPL-2.1-only";
  static constexpr char kHostSonames[] = "";
  static constexpr std::uint64_t kCapabilities =
      poe::loop::bits(POE_CAP_NESTED_STEP, POE_CAP_HANGUP_BIT, POE_CAP_ERROR_BIT, POE_CAP_REGULAR_FILES, POE_CAP_SUB_MS,
                      POE_CAP_FORK_ABANDON);
  static const char* library_version() { return poe::loop::os_release(); }

  UringLoop(poe::loop::Host host, const poe_create&) : host_(host) {}

  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    if (interest == 0) return forget(fd);
    if (fcntl(fd, F_GETFD) < 0)
      throw std::system_error(errno, std::generic_category(), "cannot watch descriptor " + std::to_string(fd));
    registry_.reserve(fd);
    if (static_cast<std::size_t>(fd) >= polls_.size()) polls_.resize(static_cast<std::size_t>(fd) * 2 + 1);
    const poe::loop::Registration* known = registry_.find(fd);
    if (known && known->interest != interest) cancel(fd);
    queue(fd);
    registry_.put(fd, interest, token);
  }

  void arm(std::int64_t deadline_ns) noexcept { deadline_.arm(deadline_ns); }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    ring_.wait(submit() ? deadline_.limit(max_wait_ns) : 0);
    Taken taken;  // a step inside a handler has its own
    taken.reports = std::exchange(batch_, {});
    take(taken);
    poll_again(taken);
    for (const Broken& broken : taken.broken) tell(broken);
    for (const poe::loop::Report& report : taken.reports) registry_.deliver(host_, report);
    taken.reports.clear();
    batch_ = std::move(taken.reports);
    if (taken.woken) {
      waker_.drain();
      wake_polled_ = false;
    }
    std::uint32_t reasons = taken.woken ? POE_TURN_WOKEN : 0u;
    if (deadline_.take_due()) reasons |= POE_TURN_DEADLINE;
    host_.turn(reasons);
  }

  void abandon() noexcept { waker_.close(); }

 private:
  static constexpr std::uint64_t to_key(int fd, std::uint32_t serial) noexcept {
    return static_cast<std::uint64_t>(serial) << 32 | static_cast<std::uint32_t>(fd);
  }

  Poll& poll_of(int fd) noexcept { return polls_[static_cast<std::size_t>(fd)]; }

  void queue(int fd) {
    Poll& poll = poll_of(fd);
    if (poll.under_way || poll.queued) return;
    to_poll_.push_back(fd);
    poll.queued = true;
  }

  void forget(int fd) {
    if (!registry_.find(fd)) return;
    registry_.drop(fd);
    cancel(fd);
  }

  /// At once: a poll holds the file open, and whoever closes a listener or a pipe next wants it closed.
  void cancel(int fd) {
    Poll& poll = poll_of(fd);
    if (!std::exchange(poll.under_way, false)) return;
    const std::uint64_t key = to_key(fd, poll.serial);
    if (!ring_.cancel(key, kNobodysKey)) to_cancel_.push_back(key);
    ring_.flush();
  }

  /// Makes a poll for each watch that has none. False: the rest has to wait until completions have been taken.
  bool submit() {
    while (!to_cancel_.empty() && ring_.cancel(to_cancel_.back(), kNobodysKey)) to_cancel_.pop_back();
    if (!wake_polled_) wake_polled_ = ring_.poll(waker_.fd(), POE_READ, kWakeKey);
    std::ptrdiff_t begun = 0;
    while (begun < std::ssize(to_poll_) && begin_poll(to_poll_[static_cast<std::size_t>(begun)])) ++begun;
    to_poll_.erase(to_poll_.begin(), to_poll_.begin() + begun);
    return wake_polled_ && to_cancel_.empty() && to_poll_.empty();
  }

  bool begin_poll(int fd) {
    Poll& poll = poll_of(fd);
    const poe::loop::Registration* watch = registry_.find(fd);
    if (watch && !poll.under_way) {
      const std::uint32_t serial = (poll.serial + 1) & kSerialMask;
      if (!ring_.poll(fd, watch->interest, to_key(fd, serial))) return false;
      poll.serial = serial;
      poll.under_way = true;
    }
    poll.queued = false;
    return true;
  }

  void take(Taken& taken) {
    ring_.take([&](std::uint64_t key, int result) {
      if (key == kWakeKey)
        taken.woken = true;
      else if (key != kNobodysKey)
        collect(key, result, taken);
    });
  }

  void collect(std::uint64_t key, int result, Taken& taken) {
    const int fd = static_cast<int>(key & UINT32_MAX);
    Poll& poll = poll_of(fd);
    if (!poll.under_way || poll.serial != key >> 32) return;  // cancelled, and perhaps made anew
    poll.under_way = false;
    if (!registry_.find(fd)) return;
    if (result < 0) return taken.broken.push_back({fd, registry_.generation(fd), result});
    taken.reports.push_back({fd, registry_.generation(fd), poe::uring::from_poll(result)});
    queue(fd);
  }

  /// Polls anew what broke. A file with two wait queues, such as a terminal, may be woken with nothing to report, as
  /// when its settings are changed: Linux (6.18) then ends the poll with -EINVAL, and the next one is well. What cannot
  /// be polled at all breaks again as it is submitted, and stays in `taken.broken` after a few tries.
  void poll_again(Taken& taken) {
    for (int tries = 0; tries < kTries && !taken.broken.empty(); ++tries) {
      for (const Broken& broken : std::exchange(taken.broken, {}))
        if (!begin_poll(broken.fd)) queue(broken.fd);
      ring_.flush();
      take(taken);
    }
  }

  /// Not polled again: it would break for ever.
  void tell(const Broken& broken) {
    const poe::loop::Registration* watch = registry_.find(broken.fd);
    if (!watch || registry_.generation(broken.fd) != broken.generation) return;  // an earlier one's handler forgot it
    host_.error(watch->token, broken.code, -broken.code,
                "cannot poll a watched descriptor; forget it before you close it");
  }

  static constexpr int kTries = 4;                          // of polls that break, in one step
  static constexpr std::uint32_t kSerialMask = 0x7FFFFFFF;  // so that no key is one of the special ones

  poe::loop::Host host_;
  poe::loop::Waker waker_;
  poe::uring::Ring ring_;
  poe::loop::Registry registry_;
  poe::loop::Deadline deadline_;
  std::vector<Poll> polls_;               // by descriptor
  std::vector<int> to_poll_;              // watched, but not polled yet or any more
  std::vector<std::uint64_t> to_cancel_;  // keys of forgotten polls for which there was no entry
  std::vector<poe::loop::Report> batch_;  // kept for its memory
  bool wake_polled_ = false;
};

}  // namespace

POE_EXPORT_LOOP(UringLoop)
