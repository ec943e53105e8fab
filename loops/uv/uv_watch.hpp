// SPDX-License-Identifier: MIT
//
// The uv_poll_t of each watched descriptor. libuv takes one active handle a descriptor and closes handles later, so a
// forgotten watch is retired: it lives on until its close callback, while the number may be watched anew at once.
#pragma once

#include <fcntl.h>
#include <uv.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "poe/loop_abi.h"

namespace poe::uv {

/// Any libuv handle as the base that uv_close(), uv_ref() and the like take.
template <class H>
uv_handle_t* base(H& handle) noexcept {
  return reinterpret_cast<uv_handle_t*>(&handle);
}

struct Watch {
  uv_poll_t poll{};  // poll.data is this Watch
  void* owner = nullptr;
  std::uint64_t token = 0;
  std::uint32_t interest = 0;  // POE_*; 0: not started yet
  int fd = -1;
  std::size_t place = 0;  // among the retired
};

constexpr int to_uv(std::uint32_t interest) noexcept {
  return (interest & POE_READ ? UV_READABLE : 0) | (interest & POE_WRITE ? UV_WRITABLE : 0) |
         (interest & POE_PRIORITY ? UV_PRIORITIZED : 0);
}

constexpr std::uint32_t from_uv(int events) noexcept {
  return (events & UV_READABLE ? POE_READ : 0u) | (events & UV_WRITABLE ? POE_WRITE : 0u) |
         (events & UV_PRIORITIZED ? POE_PRIORITY : 0u);
}

/// `code` as libuv returns it: a negative errno.
[[noreturn]] inline void fail(int code, const std::string& tried) {
  throw std::system_error(-code, std::generic_category(), tried);
}

/// uv_poll_init() without its side effect: it makes the descriptor non-blocking, which is the owner's to decide and,
/// for a terminal, would reach other programs.
inline int init_poll(uv_loop_t* loop, uv_poll_t* poll, int fd) noexcept {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  const int code = uv_poll_init(loop, poll, fd);
  if ((flags & O_NONBLOCK) == 0) fcntl(fd, F_SETFL, flags);
  return code;
}

class Watches {
 public:
  /// The watch of `fd`, or nullptr.
  Watch* find(int fd) const noexcept {
    const auto i = static_cast<std::size_t>(fd);
    return i < by_fd_.size() ? by_fd_[i].get() : nullptr;
  }

  /// A new watch of `fd`, initialised but not started. Throws std::system_error.
  Watch& add(uv_loop_t* loop, int fd) {
    const auto i = static_cast<std::size_t>(fd);
    if (i >= by_fd_.size()) by_fd_.resize(i + 1 > 2 * by_fd_.size() ? i + 1 : 2 * by_fd_.size());
    retired_.reserve(retired_.size() + count_ + 1);  // so that no retire() can fail
    auto watch = std::make_unique<Watch>();
    if (const int code = init_poll(loop, &watch->poll, fd)) refuse(code, fd);
    watch->poll.data = watch.get();
    watch->fd = fd;
    ++count_;
    by_fd_[i] = std::move(watch);
    return *by_fd_[i];
  }

  /// Stops the watch and begins to close its handle; `closed` must call free().
  void retire(Watch& watch, uv_close_cb closed) noexcept {
    uv_poll_stop(&watch.poll);
    watch.place = retired_.size();
    retired_.push_back(std::move(by_fd_[static_cast<std::size_t>(watch.fd)]));
    --count_;
    uv_close(base(watch.poll), closed);
  }

  void free(Watch& watch) noexcept {
    const std::size_t place = watch.place;
    retired_.back()->place = place;
    std::swap(retired_[place], retired_.back());
    retired_.pop_back();
  }

  /// Calls f(watch) for each; f may retire it.
  template <class F>
  void for_each(F&& f) {
    for (std::size_t i = 0; i < by_fd_.size(); ++i)
      if (by_fd_[i]) f(*by_fd_[i]);
  }

 private:
  [[noreturn]] static void refuse(int code, int fd) {
    const std::string what = "cannot watch descriptor " + std::to_string(fd) + " with libuv";
    if (code == UV_EPERM) fail(code, what + ", which takes no regular files");
    if (code == UV_EEXIST) fail(code, what + ": the host watches it itself; watch a dup() of it");
    fail(code, what);
  }

  std::vector<std::unique_ptr<Watch>> by_fd_;
  std::vector<std::unique_ptr<Watch>> retired_;  // closing; freed by their close callbacks
  std::size_t count_ = 0;                        // in by_fd_
};

}  // namespace poe::uv
