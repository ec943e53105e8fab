// SPDX-License-Identifier: MIT
#include "load.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace poe::bench {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kMessage = 64;

class Clients {
 public:
  Clients(unsigned count, std::uint16_t port) : epoll_(epoll_create1(EPOLL_CLOEXEC)), received_(count, 0) {
    message_.back() = '\n';  // some servers read lines
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
  /// One message to each and back, with nothing under way afterwards.
  void greet() {
    go_on_ = false;
    start();
    exchange(sockets_.size());
  }

 private:
  void connect_one(unsigned i, std::uint16_t port) {
    Fd socket = connect_to(port);
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
    if (go_on_) send_one(sockets_[i].get());
    return true;
  }

  Fd epoll_;
  std::vector<Fd> sockets_;
  std::vector<std::size_t> received_;
  std::array<epoll_event, 256> events_;
  std::array<char, kMessage> message_{};
  bool go_on_ = true;
  std::array<char, kMessage> buffer_;
};

/// Octets of memory a process has that are its own.
double resident(pid_t process) {
  std::ifstream statm("/proc/" + std::to_string(process) + "/statm");
  double all = 0;
  double here = 0;
  double shared = 0;
  if (!(statm >> all >> here >> shared)) throw_errno("read the server's memory");
  return (here - shared) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void pause_for(std::chrono::milliseconds time) noexcept {
  const timespec pause{0, std::chrono::nanoseconds(time).count()};
  nanosleep(&pause, nullptr);
}

/// Ends a worker when it goes; 0: there is none.
class Ended {
 public:
  explicit Ended(pid_t worker) noexcept : worker_(worker) {}
  Ended(const Ended&) = delete;
  Ended& operator=(const Ended&) = delete;
  ~Ended() {
    if (worker_ != 0) kill(worker_, SIGTERM);
  }

 private:
  pid_t worker_;
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

[[noreturn]] void throw_errno(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

Fd connect_to(std::uint16_t port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (!socket || connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    throw_errno("connect to the server");
  send_at_once(socket.get());
  return socket;
}

void send_at_once(int socket) noexcept {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// While a process runs, the system brings its clock up to date at ticks only, up to 10 ms apart. So the server is to
// come to rest first; what it still did then is the same at both ends of a measurement.
double cpu_of(pid_t server) {
  clockid_t clock;
  if (const int number = clock_getcpuclockid(server, &clock); number != 0)
    throw std::system_error(number, std::generic_category(), "find the server's CPU clock");
  double now = cpu_now(clock);
  for (int tries = 0; tries < 100; ++tries) {
    pause_for(12ms);
    const double before = std::exchange(now, cpu_now(clock));
    if (now == before) return now;
  }
  throw std::runtime_error(
      "cannot read the server's CPU time: it does not come to rest; see what it does without requests");
}

double echo_load(const Run& run, std::uint16_t port, pid_t server) {
  Clients clients(run.size, port);
  clients.start();
  clients.exchange(run.operations / 8 + run.size);
  const double before = cpu_of(server);
  clients.exchange(run.operations);
  return cpu_of(server) - before;
}

double idle_load(const Run& run, std::uint16_t port, pid_t server) {
  const unsigned warm = run.size / 10;
  Clients first(warm, port);
  first.greet();
  const double before = resident(server);
  Clients rest(run.size - warm, port);
  rest.greet();
  const double each = (resident(server) - before) / (run.size - warm);
  return each * static_cast<double>(run.operations);
}

double send_load(Kind kind, const Run& run, pid_t server) {
  while (run.meeting->port == 0) pause_for(1ms);
  const auto port = static_cast<std::uint16_t>(run.meeting->port.load());
  const auto load = [&](pid_t of) {
    switch (kind) {
      case Kind::line_views:
      case Kind::line_strings:
        return line_load(run, port, of);
      case Kind::http:
        return http_load(run, port, of);
      case Kind::idle_bytes:
        return idle_load(run, port, of);
      case Kind::file:
        return file_load(run, port, of, cpu_of);
      case Kind::file_wall:
        return file_load(run, port, of, [](pid_t) { return wall_now(); });
      default:
        return echo_load(run, port, of);
    }
  };
  const pid_t worker = run.meeting->worker;
  const Ended ended(worker);
  return load(worker != 0 ? worker : server);
}

}  // namespace poe::bench
