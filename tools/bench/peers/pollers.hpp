// SPDX-License-Identifier: MIT
//
// epoll(7), poll(2) and select(2) as used by hand: the same few operations on each, chosen at compile time. An id is a
// small number that the user gives to a descriptor.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace poe::bench {

class EpollPoller {
 public:
  static constexpr char kName[] = "raw-epoll";
  EpollPoller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  EpollPoller(const EpollPoller&) = delete;
  EpollPoller& operator=(const EpollPoller&) = delete;
  ~EpollPoller() { close(epoll_); }

  void add(int fd, std::uint32_t id) { control(EPOLL_CTL_ADD, fd, id, EPOLLIN); }
  void want_output(int fd, std::uint32_t id, bool output) {
    control(EPOLL_CTL_MOD, fd, id, output ? EPOLLOUT : EPOLLIN);
  }
  void remove(int fd, std::uint32_t id) { control(EPOLL_CTL_DEL, fd, id, 0); }
  /// Waits for `ms` (-1: for ever) and calls ready(id, writable).
  template <class F>
  void wait(int ms, F&& ready) {
    const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), ms);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events_[static_cast<std::size_t>(i)];
      ready(event.data.u32, (event.events & EPOLLOUT) != 0);
    }
  }

 private:
  void control(int operation, int fd, std::uint32_t id, std::uint32_t interest) {
    epoll_event event{};
    event.events = interest;
    event.data.u32 = id;
    epoll_ctl(epoll_, operation, fd, &event);
  }
  int epoll_;
  std::array<epoll_event, 256> events_;
};

class PollPoller {
 public:
  static constexpr char kName[] = "raw-poll";
  void add(int fd, std::uint32_t id) { at(id) = pollfd{fd, POLLIN, 0}; }
  void want_output(int fd, std::uint32_t id, bool output) {
    at(id) = pollfd{fd, static_cast<short>(output ? POLLOUT : POLLIN), 0};
  }
  void remove(int, std::uint32_t id) { at(id).fd = -1; }
  template <class F>
  void wait(int ms, F&& ready) {
    int left = ::poll(set_.data(), set_.size(), ms);
    for (std::uint32_t id = 0; left > 0 && id < set_.size(); ++id) {
      if (set_[id].revents == 0) continue;
      --left;
      ready(id, (set_[id].revents & POLLOUT) != 0);
    }
  }

 private:
  pollfd& at(std::uint32_t id) {
    if (id >= set_.size()) set_.resize(id + 1, pollfd{-1, 0, 0});
    return set_[id];
  }
  std::vector<pollfd> set_;  // its place is the id
};

class SelectPoller {
 public:
  static constexpr char kName[] = "raw-select";
  SelectPoller() {
    FD_ZERO(&input_);
    FD_ZERO(&output_);
  }
  void add(int fd, std::uint32_t id) {
    if (fd >= FD_SETSIZE) throw std::runtime_error("select(2) takes descriptors below FD_SETSIZE (1024) only");
    if (id >= fds_.size()) fds_.resize(id + 1, -1);
    fds_[id] = fd;
    if (fd >= end_) end_ = fd + 1;
    FD_SET(fd, &input_);
  }
  void want_output(int fd, std::uint32_t, bool output) {
    FD_CLR(fd, output ? &input_ : &output_);
    FD_SET(fd, output ? &output_ : &input_);
  }
  void remove(int fd, std::uint32_t id) {
    FD_CLR(fd, &input_);
    FD_CLR(fd, &output_);
    fds_[id] = -1;
  }
  template <class F>
  void wait(int ms, F&& ready) {
    fd_set input = input_;
    fd_set output = output_;
    timeval limit{ms / 1000, (ms % 1000) * 1000};
    int left = ::select(end_, &input, &output, nullptr, ms < 0 ? nullptr : &limit);
    for (std::uint32_t id = 0; left > 0 && id < fds_.size(); ++id) {
      const int fd = fds_[id];
      if (fd < 0) continue;
      const bool writable = FD_ISSET(fd, &output);
      if (!writable && !FD_ISSET(fd, &input)) continue;
      --left;
      ready(id, writable);
    }
  }

 private:
  fd_set input_;
  fd_set output_;
  int end_ = 0;
  std::vector<int> fds_;  // its place is the id
};

}  // namespace poe::bench
