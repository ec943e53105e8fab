// SPDX-License-Identifier: MIT
//
// The io_uring of a loop, and polls in it. A poll is one-shot: it completes once, at once if the descriptor is ready
// already, which makes it level-triggered when it is made anew after each report. Loop thread only.
#pragma once

#include <liburing.h>
#include <poll.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

#include "poe/loop/time.hpp"
#include "poe/loop_abi.h"

namespace poe::uring {

constexpr unsigned to_poll(std::uint32_t interest) noexcept {
  return (interest & POE_READ ? unsigned{POLLIN} : 0u) | (interest & POE_WRITE ? unsigned{POLLOUT} : 0u);
}

constexpr std::uint32_t from_poll(int events) noexcept {
  return (events & POLLIN ? POE_READ : 0u) | (events & POLLOUT ? POE_WRITE : 0u) | (events & POLLERR ? POE_ERROR : 0u) |
         (events & POLLHUP ? POE_HANGUP : 0u);
}

[[noreturn]] inline void fail(int code, const std::string& tried) {
  throw std::system_error(-code, std::generic_category(), tried);
}

class Ring {
 public:
  /// Throws std::system_error.
  Ring() {
    if (const int code = io_uring_queue_init(kEntries, &ring_, 0); code < 0)
      fail(code,
           "cannot make an io_uring, which containers and the setting kernel.io_uring_disabled often forbid; use "
           "epoll");
    if ((ring_.features & IORING_FEAT_EXT_ARG) != 0) return;
    io_uring_queue_exit(&ring_);
    fail(-ENOSYS, "cannot wait for an io_uring with a limit, which needs Linux 5.11; use epoll");
  }
  // In a forked child, too: unmaps and closes, and leaves the parent's requests alone.
  ~Ring() { io_uring_queue_exit(&ring_); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// Takes effect with the next wait() or flush(). False: the system takes nothing more until completions have been
  /// taken. Throws std::system_error.
  [[nodiscard]] bool poll(int fd, std::uint32_t interest, std::uint64_t key) {
    io_uring_sqe* entry = next_entry();
    if (!entry) return false;
    io_uring_prep_poll_add(entry, fd, to_poll(interest));
    io_uring_sqe_set_data64(entry, key);
    return true;
  }

  /// The poll under `key` completes with -ECANCELED, under a key of its own this does, too. As poll().
  [[nodiscard]] bool cancel(std::uint64_t key, std::uint64_t own_key) {
    io_uring_sqe* entry = next_entry();
    if (!entry) return false;
    io_uring_prep_poll_remove(entry, key);
    io_uring_sqe_set_data64(entry, own_key);
    return true;
  }

  void flush() {
    const int code = io_uring_submit(&ring_);
    if (code < 0 && code != -EINTR && code != -EBUSY && code != -EAGAIN) fail(code, "cannot submit to the io_uring");
  }

  /// Submits, and waits until something has completed, at most `wait_ns`. A signal ends it, too.
  void wait(std::int64_t wait_ns) {
    if (wait_ns == 0) return flush();
    io_uring_cqe* first = nullptr;
    timespec limit = poe::loop::to_timespec(wait_ns == POE_NEVER_NS ? 0 : wait_ns);
    __kernel_timespec kernel_limit{limit.tv_sec, limit.tv_nsec};
    const int code = wait_ns == POE_NEVER_NS
                         ? io_uring_submit_and_wait(&ring_, 1)
                         : io_uring_submit_and_wait_timeout(&ring_, &first, 1, &kernel_limit, nullptr);
    if (code < 0 && code != -ETIME && code != -EINTR && code != -EBUSY && code != -EAGAIN)
      fail(code, "cannot wait for the io_uring");
  }

  /// Calls f(key, result) for what has completed, kBatch at most; f makes no call to the ring.
  template <class F>
  void take(F&& f) {
    io_uring_cqe* done[kBatch];
    const unsigned count = io_uring_peek_batch_cqe(&ring_, done, kBatch);
    for (unsigned i = 0; i < count; ++i) f(io_uring_cqe_get_data64(done[i]), done[i]->res);
    io_uring_cq_advance(&ring_, count);
  }

 private:
  static constexpr unsigned kEntries = 256;  // submitted at once; more need another call
  static constexpr unsigned kBatch = 256;    // completions taken by one step

  io_uring_sqe* next_entry() {
    if (io_uring_sqe* entry = io_uring_get_sqe(&ring_)) return entry;
    flush();
    return io_uring_get_sqe(&ring_);
  }

  io_uring ring_{};
};

}  // namespace poe::uring
