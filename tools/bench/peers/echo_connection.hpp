// SPDX-License-Identifier: MIT
//
// One connection of a server, of echo or of what else answers at once, on a library that only tells readiness: reads
// into a buffer that all share, sends at once, keeps what the system does not take, and asks for writability only then.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

namespace poe::bench {

using EchoBuffer = std::array<char, 65536>;

/// What to answer: the same octets.
class Echo {
 public:
  std::string_view answer(std::string_view bytes) noexcept { return bytes; }
};

/// What a scan (line_scan.hpp, http_scan.hpp) answers, all of it in one piece.
template <class Scan>
class Scanned {
 public:
  std::string_view answer(std::string_view bytes) {
    answers_.clear();
    scan_.take(bytes, answers_);
    return answers_;
  }

 private:
  Scan scan_;
  std::string answers_;
};

template <class Service>
class ServedConnection {
 public:
  enum class Wants { input, output, nothing };  ///< nothing: the peer has gone

  explicit ServedConnection(int socket) noexcept : fd_(socket) {}
  ServedConnection(const ServedConnection&) = delete;
  ServedConnection& operator=(const ServedConnection&) = delete;
  ~ServedConnection() { close(fd_); }

  int fd() const noexcept { return fd_; }
  Wants readable(EchoBuffer& buffer) {
    const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return count < 0 && errno == EAGAIN ? Wants::input : Wants::nothing;
    return put(service_.answer(std::string_view(buffer.data(), static_cast<std::size_t>(count))));
  }
  Wants writable() {
    const std::string rest = std::move(rest_);
    rest_.clear();
    return put(rest);
  }

 private:
  Wants put(std::string_view bytes) {
    if (bytes.empty()) return Wants::input;
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return Wants::nothing;
    const auto taken = static_cast<std::size_t>(sent < 0 ? 0 : sent);
    if (taken == bytes.size()) return Wants::input;
    rest_.assign(bytes.substr(taken));
    return Wants::output;
  }

  int fd_;
  Service service_;
  std::string rest_;
};

using EchoConnection = ServedConnection<Echo>;

/// The next connection that waits, non-blocking; -1 if none.
inline int accept_one(int listener) noexcept {
  return accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

}  // namespace poe::bench
