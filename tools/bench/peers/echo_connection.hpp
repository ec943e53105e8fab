// SPDX-License-Identifier: MIT
//
// One connection of an echo server on a library that only tells readiness: reads into a buffer that all share, sends at
// once, keeps what the system does not take, and asks for writability only then.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

namespace poe::bench {

using EchoBuffer = std::array<char, 65536>;

class EchoConnection {
 public:
  enum class Wants { input, output, nothing };  ///< nothing: the peer has gone

  explicit EchoConnection(int socket) noexcept : fd_(socket) {}
  EchoConnection(const EchoConnection&) = delete;
  EchoConnection& operator=(const EchoConnection&) = delete;
  ~EchoConnection() { close(fd_); }

  int fd() const noexcept { return fd_; }
  Wants readable(EchoBuffer& buffer) {
    const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return count < 0 && errno == EAGAIN ? Wants::input : Wants::nothing;
    return put(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
  }
  Wants writable() {
    const std::string rest = std::move(rest_);
    rest_.clear();
    return put(rest);
  }

 private:
  Wants put(std::string_view bytes) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return Wants::nothing;
    const auto taken = static_cast<std::size_t>(sent < 0 ? 0 : sent);
    if (taken == bytes.size()) return Wants::input;
    rest_.assign(bytes.substr(taken));
    return Wants::output;
  }

  int fd_;
  std::string rest_;
};

/// The next connection that waits, non-blocking; -1 if none.
inline int accept_one(int listener) noexcept {
  return accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

}  // namespace poe::bench
