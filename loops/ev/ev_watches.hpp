// SPDX-License-Identifier: MIT
//
// The ev_io of each watched descriptor, one for all asked directions, and those that libev has yet to be told of.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ev_watcher.hpp"
#include "poe/loop_abi.h"

namespace poe::libev {

constexpr int to_ev(std::uint32_t interest) noexcept {
  return (interest & POE_READ ? EV_READ : 0) | (interest & POE_WRITE ? EV_WRITE : 0);
}

constexpr std::uint32_t from_ev(int events) noexcept {
  return (events & EV_READ ? POE_READ : 0u) | (events & EV_WRITE ? POE_WRITE : 0u);
}

struct Watch {
  Watcher<ev_io> io{};  // io.raw.data is the loop
  std::uint64_t token = 0;
  std::uint32_t interest = 0;  // POE_*; 0: not started yet
};

class Watches {
 public:
  Watch* find(int fd) const noexcept {
    const auto i = static_cast<std::size_t>(fd);
    return i < by_fd_.size() ? by_fd_[i].get() : nullptr;
  }

  /// A new watch, not started. Throws std::bad_alloc.
  Watch& add(int fd) {
    const auto i = static_cast<std::size_t>(fd);
    if (i >= by_fd_.size()) by_fd_.resize(i + 1 > 2 * by_fd_.size() ? i + 1 : 2 * by_fd_.size());
    by_fd_[i] = std::make_unique<Watch>();
    return *by_fd_[i];
  }

  void drop(struct ev_loop* loop, int fd) noexcept {
    Watch* watch = find(fd);
    if (!watch) return;
    watch->io.stop(loop);
    by_fd_[static_cast<std::size_t>(fd)].reset();
  }

  /// Calls f(watch) for each; f may drop it.
  template <class F>
  void for_each(F&& f) {
    for (std::size_t i = 0; i < by_fd_.size(); ++i)
      if (by_fd_[i]) f(*by_fd_[i]);
  }

 private:
  std::vector<std::unique_ptr<Watch>> by_fd_;
};

}  // namespace poe::libev
