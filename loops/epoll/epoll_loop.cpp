// SPDX-License-Identifier: MIT
//
// The loop over Linux epoll: level-triggered, nanosecond deadlines, and itself a descriptor that another loop can
// wait for. One system call a step; one a change of interest, none where the interest stays.

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "poe/loop/deadline.hpp"
#include "poe/loop/os_release.hpp"
#include "poe/loop/registry.hpp"
#include "poe/loop_plugin.hpp"

namespace {

using poe::loop::Registration;

constexpr std::size_t kBatch = 256;  // reports taken by one step
using Batch = std::array<epoll_event, kBatch>;
constexpr std::uint64_t kWakeKey = UINT64_MAX;

[[noreturn]] void fail(int error, const std::string& tried) {
  throw std::system_error(error, std::generic_category(), tried);
}

/// An epoll set's descriptor.
class EpollSet {
 public:
  EpollSet() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
    if (fd_ < 0) fail(errno, "cannot make an epoll set");
  }
  // Only a close: the set may be shared with the parent of a fork, where an epoll_ctl would take its watches away.
  ~EpollSet() { close(); }
  EpollSet(EpollSet&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  EpollSet& operator=(EpollSet&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int fd() const noexcept { return fd_; }

  /// 0 or an errno.
  int control(int operation, int fd, std::uint32_t events, std::uint64_t key) const noexcept {
    epoll_event e{};
    e.events = events;
    e.data.u64 = key;
    return epoll_ctl(fd_, operation, fd, &e) == 0 ? 0 : errno;
  }

  void close() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

constexpr std::uint32_t to_epoll(std::uint32_t interest) noexcept {
  return (interest & POE_READ ? EPOLLIN : 0u) | (interest & POE_WRITE ? EPOLLOUT : 0u) |
         (interest & POE_PRIORITY ? EPOLLPRI : 0u);
}

constexpr std::uint32_t from_epoll(std::uint32_t events) noexcept {
  return (events & EPOLLIN ? POE_READ : 0u) | (events & EPOLLOUT ? POE_WRITE : 0u) |
         (events & EPOLLPRI ? POE_PRIORITY : 0u) | (events & EPOLLERR ? POE_ERROR : 0u) |
         (events & EPOLLHUP ? POE_HANGUP : 0u);
}

/// What a report carries: the descriptor, and which registration of that number it belongs to.
constexpr std::uint64_t to_key(int fd, std::uint32_t generation) noexcept {
  return static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(fd);
}

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

  EpollLoop(poe::loop::Host host, const poe_create&) : host_(host) { watch_waker(set_); }

  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    if (interest == 0) return forget(fd);
    registry_.reserve(fd);
    const Registration* known = registry_.find(fd);
    if (!known || known->interest != interest) enter(fd, interest, known != nullptr);
    registry_.put(fd, interest, token);
  }

  void arm(std::int64_t deadline_ns) noexcept { generation_ += deadline_.arm(deadline_ns); }

  void wake() noexcept { waker_.wake(); }

  void step(std::int64_t max_wait_ns) {
    if (stale_ && leaked_) rebuild();
    Batch batch;  // on the stack, so that a step inside a handler has its own
    const int count = wait(batch, deadline_.limit(max_wait_ns));
    bool woken = false;
    stale_ = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& e = batch[static_cast<std::size_t>(i)];
      const bool is_waker = e.data.u64 == kWakeKey;
      woken |= is_waker;
      if (!is_waker && !deliver(e)) stale_ = true;
    }
    if (woken) waker_.drain();
    std::uint32_t reasons = woken ? POE_TURN_WOKEN : 0u;
    if (deadline_.take_due()) reasons |= POE_TURN_DEADLINE, ++generation_;
    host_.turn(reasons);
  }

  void pollable(poe_pollable& answer) const noexcept {
    answer.events = POE_READ;
    answer.handle = set_.fd();
    answer.deadline_ns = deadline_.at_ns();
    answer.generation = generation_;
  }

  void abandon() noexcept {
    set_.close();
    waker_.close();
  }

 private:
  void watch_waker(const EpollSet& set) const {
    if (const int error = set.control(EPOLL_CTL_ADD, waker_.fd(), EPOLLIN, kWakeKey))
      fail(error, "cannot watch the wake-up descriptor");
  }

  /// Tells epoll about a new interest. The set may know less than we do (the descriptor was closed, which takes it
  /// out) or more (it was closed and forgotten while a duplicate kept it in, then came back under its number).
  void enter(int fd, std::uint32_t interest, bool known) {
    const int first = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    int error = set_.control(first, fd, to_epoll(interest), to_key(fd, registry_.generation(fd)));
    if (error == (known ? ENOENT : EEXIST)) {
      if (known) registry_.drop(fd), leaked_ = true;
      error = set_.control(known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, to_epoll(interest),
                           to_key(fd, registry_.generation(fd)));
    }
    if (error == 0) return;
    const std::string what = "cannot watch descriptor " + std::to_string(fd) + " with epoll";
    fail(error, error == EPERM ? what + ", which takes no regular files" : what);
  }

  void forget(int fd) noexcept {
    if (!registry_.find(fd)) return;
    if (set_.control(EPOLL_CTL_DEL, fd, 0, 0) != 0) leaked_ = true;  // closed before: a duplicate may keep it in
    registry_.drop(fd);
  }

  bool deliver(const epoll_event& e) const {
    const int fd = static_cast<int>(e.data.u64 & UINT32_MAX);
    return registry_.deliver(host_, {fd, static_cast<std::uint32_t>(e.data.u64 >> 32), from_epoll(e.events)});
  }

  /// A new set of what we still watch. Why: a descriptor that was closed while a duplicate of it lives stays in the
  /// old set, reports for ever, and cannot be taken out by its number any more. Without a free descriptor for the
  /// new set the old one serves on, and the next step tries again.
  void rebuild() {
    try {
      EpollSet fresh;
      watch_waker(fresh);
      registry_.for_each([&](int fd, const Registration& r) {
        fresh.control(EPOLL_CTL_ADD, fd, to_epoll(r.interest), to_key(fd, r.generation));  // fails if closed: no loss
      });
      set_ = std::move(fresh);
    } catch (const std::system_error&) {
      return;
    }
    leaked_ = false;
    ++generation_;
  }

  /// The number of reports; 0 for a time-out or a signal.
  int wait(Batch& batch, std::int64_t wait_ns) {
    const bool timed = wait_ns != 0 && wait_ns != POE_NEVER_NS;
    const int count = timed ? wait_timed(batch, poe::loop::to_timespec(wait_ns)) : take(batch, wait_ns == 0 ? 0 : -1);
    if (count >= 0) return count;
    if (errno != EINTR) fail(errno, "cannot wait with epoll");
    return 0;
  }

  int wait_timed(Batch& batch, const timespec& limit) {
    if (!old_system_) {
      const int count = epoll_pwait2(set_.fd(), batch.data(), kBatch, &limit, nullptr);
      if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
      old_system_ = true;
    }
    pollfd set{set_.fd(), POLLIN, 0};  // two calls, but as fine: epoll_wait alone counts whole milliseconds
    const int any = ppoll(&set, 1, &limit, nullptr);
    return any <= 0 ? any : take(batch, 0);
  }

  int take(Batch& batch, int timeout_ms) const noexcept {
    return epoll_wait(set_.fd(), batch.data(), kBatch, timeout_ms);
  }

  poe::loop::Host host_;
  EpollSet set_;
  poe::loop::Waker waker_;
  poe::loop::Registry registry_;
  poe::loop::Deadline deadline_;
  std::uint64_t generation_ = 0;  // of what pollable() says
  bool old_system_ = false;       // no epoll_pwait2: before Linux 5.11, or hidden by a sandbox
  bool stale_ = false;            // the last step had a report of something forgotten
  bool leaked_ = false;           // the set may hold a descriptor that we have forgotten
};

}  // namespace

POE_EXPORT_LOOP(EpollLoop)
