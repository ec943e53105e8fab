// SPDX-License-Identifier: MIT
//
// EpollWatches: watched descriptors in an epoll set of the bridge's own. For a loop that waits by itself, and for a
// bridge whose host would rather wait for one descriptor, fd(), than for many. Loop thread only.
#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "poe/loop/host.hpp"
#include "poe/loop/registry.hpp"
#include "poe/loop/waker.hpp"
#include "poe/loop_abi.h"

namespace poe::loop {

/// An epoll set's descriptor.
class EpollSet {
 public:
  EpollSet() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "cannot make an epoll set");
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

class EpollWatches {
 public:
  static constexpr std::size_t kBatch = 256;  // reports taken by one step
  using Batch = std::array<epoll_event, kBatch>;

  /// `waker_fd` is watched for reading as long as the set lives. Throws std::system_error.
  explicit EpollWatches(int waker_fd) : waker_fd_(waker_fd) { add_waker(set_); }

  /// The set itself: readable while anything is ready. Another one after refresh() has returned the former.
  int fd() const noexcept { return set_.fd(); }

  /// The op watch(). Costs one epoll_ctl, none if the interest stays. Throws std::system_error.
  void watch(int fd, std::uint32_t interest, std::uint64_t token) {
    if (interest == 0) return forget(fd);
    registry_.reserve(fd);
    const Registration* known = registry_.find(fd);
    if (!known || known->interest != interest) enter(fd, interest, known != nullptr);
    registry_.put(fd, interest, token);
  }

  /// Before each wait. A set: fd() is another one now, and this is the former. Keep it until whoever waits for fd() has
  /// taken the former out by its number: a forked child may have a copy, by which its registration would outlive it.
  ///
  /// Why: a descriptor that was closed while a duplicate of it lives stays in the old set, reports for ever, and cannot
  /// be taken out by its number any more. Without a free descriptor for the new set the old one serves on, and the next
  /// wait tries again.
  std::optional<EpollSet> refresh() {
    const bool needed = stale_ && leaked_;
    stale_ = false;
    return needed ? rebuild() : std::nullopt;
  }

  /// Passes on what epoll_wait() gave; true if the waker is among it, which the caller drains before its turn.
  bool deliver(const Host& host, const Batch& batch, int count) {
    bool woken = false;
    for (int i = 0; i < count; ++i) {
      const epoll_event& e = batch[static_cast<std::size_t>(i)];
      const bool is_waker = e.data.u64 == kWakerKey;
      woken |= is_waker;
      if (!is_waker && !registry_.deliver(host, to_report(e))) stale_ = true;
    }
    return woken;
  }

  /// What a host's callback does when fd() is readable: one batch and its turn. `follow()` makes the host wait for
  /// another fd(). A handler may close the bridge in the turn: Host::enter() first.
  template <class Follow>
  void serve(const Host& host, Waker& waker, Follow&& follow) {
    if (const std::optional<EpollSet> former = refresh()) follow();
    Batch batch;
    const int count = epoll_wait(fd(), batch.data(), static_cast<int>(batch.size()), 0);
    const bool woken = deliver(host, batch, count);
    if (woken) waker.drain();
    host.turn(woken ? POE_TURN_WOKEN : 0);
  }

  void close() noexcept { set_.close(); }

 private:
  static constexpr std::uint64_t kWakerKey = UINT64_MAX;

  /// What a report carries: the descriptor, and which registration of that number it belongs to.
  static constexpr std::uint64_t to_key(int fd, std::uint32_t generation) noexcept {
    return static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(fd);
  }
  static constexpr Report to_report(const epoll_event& e) noexcept {
    return {static_cast<int>(e.data.u64 & UINT32_MAX), static_cast<std::uint32_t>(e.data.u64 >> 32),
            from_epoll(e.events)};
  }

  void add_waker(const EpollSet& set) const {
    if (const int error = set.control(EPOLL_CTL_ADD, waker_fd_, EPOLLIN, kWakerKey))
      throw std::system_error(error, std::generic_category(), "cannot watch the wake-up descriptor");
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
    throw std::system_error(error, std::generic_category(),
                            error == EPERM ? what + ", which takes no regular files" : what);
  }

  void forget(int fd) noexcept {
    if (!registry_.find(fd)) return;
    if (set_.control(EPOLL_CTL_DEL, fd, 0, 0) != 0) leaked_ = true;  // closed before: a duplicate may keep it in
    registry_.drop(fd);
  }

  /// Makes a new set of what we still watch; the former one.
  std::optional<EpollSet> rebuild() {
    try {
      EpollSet fresh;
      add_waker(fresh);
      registry_.for_each([&](int fd, const Registration& r) {
        fresh.control(EPOLL_CTL_ADD, fd, to_epoll(r.interest), to_key(fd, r.generation));  // fails if closed: no loss
      });
      leaked_ = false;
      return std::exchange(set_, std::move(fresh));
    } catch (const std::system_error&) {
      stale_ = true;
      return std::nullopt;
    }
  }

  const int waker_fd_;
  EpollSet set_;
  Registry registry_;
  bool stale_ = false;   // there was a report of something forgotten
  bool leaked_ = false;  // the set may hold a descriptor that we have forgotten
};

}  // namespace poe::loop
