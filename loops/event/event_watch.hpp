// SPDX-License-Identifier: MIT
//
// The events of each watched descriptor: one for all asked directions, so that a descriptor has one report a batch.
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#if __has_include(<sys/epoll.h>)
#include <sys/epoll.h>
#endif

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "poe/loop_abi.h"

namespace poe::libevent {

[[noreturn]] inline void fail(int error, const std::string& tried) {
  throw std::system_error(error != 0 ? error : EIO, std::generic_category(), tried);
}

constexpr short to_event(std::uint32_t interest) noexcept {
  return static_cast<short>((interest & POE_READ ? EV_READ : 0) | (interest & POE_WRITE ? EV_WRITE : 0) | EV_PERSIST);
}

constexpr std::uint32_t from_event(short events) noexcept {
  return (events & EV_READ ? POE_READ : 0u) | (events & EV_WRITE ? POE_WRITE : 0u);
}

/// 0, or the errno with which the base would refuse `fd`. Why asked before: libevent prints to stderr when epoll
/// refuses a descriptor.
inline int refusal([[maybe_unused]] const event_base* base, int fd) noexcept {
  struct stat kind {};
  if (fstat(fd, &kind) != 0) return errno;
  if (S_ISREG(kind.st_mode) || S_ISDIR(kind.st_mode) || S_ISBLK(kind.st_mode)) return EPERM;
#if __has_include(<sys/epoll.h>)
  if (S_ISCHR(kind.st_mode) && std::string_view(event_base_get_method(base)) == "epoll") {
    const int set = epoll_create1(EPOLL_CLOEXEC);  // /dev/null and its like cannot be waited for
    if (set < 0) return errno;
    epoll_event any{};
    const int error = epoll_ctl(set, EPOLL_CTL_ADD, fd, &any) == 0 ? 0 : errno;
    close(set);
    return error;
  }
#endif
  return 0;
}

/// One watched descriptor. Destroying it makes no call into libevent: forget() does.
class Watch {
 public:
  Watch(void* owner_of, int watched) noexcept : owner(owner_of), fd(watched) {}

  /// Throws std::system_error; the former interest then stays.
  ///
  /// Why two events: adding the new one before the old one goes costs epoll one change, not a removal and an addition.
  void listen(event_base* base, std::uint32_t asked, event_callback_fn callback) {
    event& fresh = events_[1 - current_];
    event_assign(&fresh, base, fd, to_event(asked), callback, this);
    if (event_add(&fresh, nullptr) != 0)
      fail(errno, "cannot watch descriptor " + std::to_string(fd) + " with libevent");
    if (interest != 0) event_del(&events_[current_]);
    current_ = 1 - current_;
    interest = asked;
  }

  void forget() noexcept {
    if (interest != 0) event_del(&events_[current_]);
    interest = 0;
  }

  void* const owner;
  const int fd;
  std::uint64_t token = 0;
  std::uint32_t interest = 0;  // POE_*; 0: not listening yet

 private:
  event events_[2]{};
  unsigned current_ = 0;
};

class Watches {
 public:
  Watch* find(int fd) const noexcept {
    const auto i = static_cast<std::size_t>(fd);
    return i < by_fd_.size() ? by_fd_[i].get() : nullptr;
  }

  Watch& add(void* owner, int fd) {
    const auto i = static_cast<std::size_t>(fd);
    if (i >= by_fd_.size()) by_fd_.resize(i + 1 > 2 * by_fd_.size() ? i + 1 : 2 * by_fd_.size());
    by_fd_[i] = std::make_unique<Watch>(owner, fd);
    return *by_fd_[i];
  }

  /// libevent touches an event no more once its callback has begun, so this is safe inside.
  void drop(int fd) noexcept {
    Watch* watch = find(fd);
    if (!watch) return;
    watch->forget();
    by_fd_[static_cast<std::size_t>(fd)].reset();
  }

  void clear() noexcept {
    for (std::size_t i = 0; i < by_fd_.size(); ++i) drop(static_cast<int>(i));
  }

 private:
  std::vector<std::unique_ptr<Watch>> by_fd_;
};

}  // namespace poe::libevent
