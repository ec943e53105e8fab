// SPDX-License-Identifier: MIT
//
// Asks for the same file again and again. What comes is counted and dropped inside the system (MSG_TRUNC), so that it
// is the server who is busy.
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>

#include "http_answers.hpp"
#include "load.hpp"

namespace poe::bench {

namespace {

class Downloader {
 public:
  explicit Downloader(std::uint16_t port)
      : socket_(connect_to(port)),
        request_("GET /" + std::string(kFileName) + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                 "\r\n\r\n") {}
  void load(std::uint64_t times) {
    for (std::uint64_t i = 0; i < times; ++i) load_one();
  }

 private:
  void load_one() {
    if (send(socket_.get(), request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size()))
      throw_errno("ask for the file");
    HttpAnswers answer;
    std::uint64_t whole = answer.take(receive());
    std::uint64_t left = answer.body_left();
    while (whole == 0 && left == 0) {
      whole = answer.take(receive());
      left = answer.body_left();
    }
    while (left > 0) left -= dropped(left);
  }
  std::string_view receive() {
    const ssize_t count = recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
    if (count <= 0) throw_errno("receive the head of the file");
    return {buffer_.data(), static_cast<std::size_t>(count)};
  }
  std::uint64_t dropped(std::uint64_t most) {
    constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
    const ssize_t count = recv(socket_.get(), nullptr, std::min(most, kPiece), MSG_TRUNC);
    if (count <= 0) throw std::runtime_error("the file ended before its length");
    return static_cast<std::uint64_t>(count);
  }

  Fd socket_;
  std::string request_;
  std::array<char, 4096> buffer_;
};

}  // namespace

double file_load(const Run& run, std::uint16_t port, pid_t server, Meter meter) {
  Downloader downloader(port);
  downloader.load(run.operations / 8 + 1);
  const double before = meter(server);
  downloader.load(run.operations);
  return meter(server) - before;
}

}  // namespace poe::bench
