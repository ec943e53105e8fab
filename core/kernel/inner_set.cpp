// SPDX-License-Identifier: MIT
#include "inner_set.hpp"

#ifndef POE_PORTABLE
#include <sys/epoll.h>
#endif
#include <unistd.h>

#include <array>
#include <cerrno>

#include "poe/loop_abi.h"

namespace poe {

void InnerSet::close() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  leaked_ = false;
}

#ifdef POE_PORTABLE

int InnerSet::open() noexcept { return -ENOTSUP; }
int InnerSet::watch(int, std::uint32_t, std::uint64_t, bool, bool&) noexcept { return -ENOTSUP; }
int InnerSet::take(std::vector<std::pair<std::uint64_t, std::uint32_t>>&) const { return -ENOTSUP; }

#else

namespace {

// Why written again: the plug-ins' own translation (loops/support) is not the kernel's to include.
std::uint32_t to_epoll(std::uint32_t interest) noexcept {
  return ((interest & POE_READ) != 0 ? EPOLLIN : 0u) | ((interest & POE_WRITE) != 0 ? EPOLLOUT : 0u) |
         ((interest & POE_PRIORITY) != 0 ? EPOLLPRI : 0u);
}

std::uint32_t from_epoll(std::uint32_t events) noexcept {
  return ((events & EPOLLIN) != 0 ? POE_READ : 0u) | ((events & EPOLLOUT) != 0 ? POE_WRITE : 0u) |
         ((events & EPOLLPRI) != 0 ? POE_PRIORITY : 0u) | ((events & EPOLLERR) != 0 ? POE_ERROR : 0u) |
         ((events & EPOLLHUP) != 0 ? POE_HANGUP : 0u);
}

int control(int set, int operation, int fd, std::uint32_t interest, std::uint64_t token) noexcept {
  epoll_event event{};
  event.events = to_epoll(interest);
  event.data.u64 = token;
  return ::epoll_ctl(set, operation, fd, &event) == 0 ? 0 : -errno;
}

}  // namespace

int InnerSet::open() noexcept {
  close();
  fd_ = ::epoll_create1(EPOLL_CLOEXEC);
  return fd_ >= 0 ? 0 : -errno;
}

int InnerSet::watch(int fd, std::uint32_t interest, std::uint64_t token, bool known, bool& ret_lost) noexcept {
  if (!known) {
    if (interest == 0) return 0;
    const int code = control(fd_, EPOLL_CTL_ADD, fd, interest, token);
    return code == -EEXIST ? control(fd_, EPOLL_CTL_MOD, fd, interest, token) : code;  // a duplicate kept it in
  }
  const int code = control(fd_, interest == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, fd, interest, token);
  if (code == 0) return 0;
  leaked_ = ret_lost = true;
  if (interest == 0) return 0;
  return code == -ENOENT ? control(fd_, EPOLL_CTL_ADD, fd, interest, token) : code;
}

int InnerSet::take(std::vector<std::pair<std::uint64_t, std::uint32_t>>& ret_ready) const {
  std::array<epoll_event, 256> batch;
  const int count = ::epoll_wait(fd_, batch.data(), static_cast<int>(batch.size()), 0);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = batch[static_cast<std::size_t>(i)];
    const std::uint64_t token = event.data.u64;  // a copy: its struct is packed, and no reference may bind to that
    ret_ready.emplace_back(token, from_epoll(event.events));
  }
  return 0;
}

#endif

}  // namespace poe
