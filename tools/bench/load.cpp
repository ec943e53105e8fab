// SPDX-License-Identifier: MIT
#include "load.hpp"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "poe/fd.hpp"

namespace poe::bench {

namespace {

constexpr std::size_t kMessage = 64;

[[noreturn]] void throw_errno(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

class Clients {
 public:
  Clients(unsigned count, std::uint16_t port) : epoll_(epoll_create1(EPOLL_CLOEXEC)), received_(count, 0) {
    for (unsigned i = 0; i < count; ++i) connect_one(i, port);
  }
  /// One message to each.
  void start() {
    for (const Fd& socket : sockets_) send_one(socket.get());
  }
  /// Until that many messages have come back. Each answer is the next question, except the last ones.
  void exchange(std::uint64_t messages) {
    std::uint64_t back = 0;
    while (back < messages) {
      const int count = epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), -1);
      for (int i = 0; i < count; ++i) back += take(events_[static_cast<std::size_t>(i)].data.u32) ? 1 : 0;
    }
  }

 private:
  void connect_one(unsigned i, std::uint16_t port) {
    Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (!socket || connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
      throw_errno("connect to the echo server");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = i;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) < 0) throw_errno("watch a connection");
    sockets_.push_back(std::move(socket));
  }
  void send_one(int socket) {
    if (send(socket, message_.data(), message_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kMessage))
      throw_errno("send to the echo server");
  }
  bool take(std::uint32_t i) {
    const ssize_t count = recv(sockets_[i].get(), buffer_.data(), kMessage - received_[i], 0);
    if (count <= 0) throw_errno("receive from the echo server");
    received_[i] += static_cast<std::size_t>(count);
    if (received_[i] < kMessage) return false;
    received_[i] = 0;
    send_one(sockets_[i].get());
    return true;
  }

  Fd epoll_;
  std::vector<Fd> sockets_;
  std::vector<std::size_t> received_;
  std::array<epoll_event, 256> events_;
  std::array<char, kMessage> message_{};
  std::array<char, kMessage> buffer_;
};

}  // namespace

sockaddr_in loopback(std::uint16_t port) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::uint16_t port_of(int socket) noexcept {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

double send_load(const Run& run, std::uint16_t port, pid_t server) {
  clockid_t clock;
  if (const int number = clock_getcpuclockid(server, &clock); number != 0)
    throw std::system_error(number, std::generic_category(), "find the server's CPU clock");
  Clients clients(run.size, port);
  clients.start();
  clients.exchange(run.operations / 8 + run.size);
  const double before = cpu_now(clock);
  clients.exchange(run.operations);
  return cpu_now(clock) - before;
}

}  // namespace poe::bench
