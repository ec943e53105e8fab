// SPDX-License-Identifier: MIT
//
// Waker: the descriptor by which wake() reaches a waiting loop, an eventfd, or a pipe where POE_PORTABLE is set. The
// bridge watches fd() for reading, calls drain() when it is readable, and begins a turn with POE_TURN_WOKEN after.
//
// Why not the toolkit's own wake call: g_main_context_wakeup, QCoreApplication::postEvent and event_active lock or
// are undocumented in signal handlers.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>
#ifndef POE_PORTABLE
#include <sys/eventfd.h>
#endif

namespace poe::loop {

class Waker {
 public:
  /// Throws std::system_error when no descriptor is left.
  Waker() { open(); }
  ~Waker() { close(); }
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// Watch this for reading. Non-blocking, close-on-exec, owned by the Waker.
  int fd() const noexcept { return read_end_; }

  /// [any-thread] [signal-safe] Makes fd() readable; many wakes before one drain() cost one write(2). Keeps errno.
  void wake() noexcept {
    if (pending_.exchange(true, std::memory_order_acq_rel)) return;
    const int kept = errno;
    const std::uint64_t one = 1;
    while (write(write_end_, &one, kWriteSize) < 0 && errno == EINTR) {
    }
    errno = kept;
  }

  /// [loop-thread] Empties fd(). Begin the turn after this call, and each wake() before it is honoured by that turn.
  ///
  /// Why read before clearing the flag: a wake() in between finds the flag set and writes nothing, which is right,
  /// for the turn is still to come. The other order could leave the flag set over an empty descriptor for ever.
  void drain() noexcept {
    std::uint64_t taken;
    while (read(read_end_, &taken, sizeof taken) < 0 && errno == EINTR) {
    }
    pending_.exchange(false, std::memory_order_acq_rel);
  }

  /// Closes both ends at once; for abandon(). wake() must not follow.
  void close() noexcept {
    if (read_end_ >= 0) ::close(read_end_);
    if (write_end_ >= 0 && write_end_ != read_end_) ::close(write_end_);
    read_end_ = write_end_ = -1;
  }

 private:
#ifdef POE_PORTABLE
  static constexpr std::size_t kWriteSize = 1;  // bytes; the flag keeps the pipe from ever filling
  void open() {
    int ends[2];
    if (pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "cannot make the wake-up pipe");
    read_end_ = ends[0], write_end_ = ends[1];
    for (const int end : ends) {
      fcntl(end, F_SETFD, FD_CLOEXEC);
      fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK);
    }
  }
#else
  static constexpr std::size_t kWriteSize = sizeof(std::uint64_t);
  void open() {
    read_end_ = write_end_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (read_end_ < 0) throw std::system_error(errno, std::generic_category(), "cannot make the wake-up eventfd");
  }
#endif

  static_assert(std::atomic<bool>::is_always_lock_free, "wake() must be signal-safe");
  std::atomic<bool> pending_{false};
  int read_end_ = -1;
  int write_end_ = -1;
};

}  // namespace poe::loop
