// SPDX-License-Identifier: MIT
//
// With the one header of POE's that a program of Asio's compiles in.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <bitset>
#include <chrono>
#include <cstdlib>
#include <poe/asio_adapter.hpp>
#ifdef POE_ASIO_STANDALONE
#include <asio/signal_set.hpp>
#else
#include <boost/asio/signal_set.hpp>
#endif

#include "host_program.h"
extern "C" {
#include "epoll_entries.h"
}

namespace {

namespace asio = poe::asio_detail::lib;  // Boost's, or the one without

using Descriptors = std::bitset<4096>;

Descriptors open_descriptors() {
  Descriptors open;
  for (std::size_t fd = 0; fd < open.size(); ++fd) open[fd] = ::fcntl(static_cast<int>(fd), F_GETFD) >= 0;
  return open;
}

/// The io_context has opened it since.
int find_set(const Descriptors& before) {
  for (std::size_t fd = 0; fd < before.size(); ++fd)
    if (!before[fd] && poe_epoll_entries(static_cast<int>(fd)) > 0) return static_cast<int>(fd);
  std::abort();
}

struct Program {
  Descriptors before = open_descriptors();
  int set = -1;
  asio::io_context io{1};
  poe::AsioAdapter adapter{io};
  int pipe[2] = {-1, -1};
  asio::steady_timer timer{io};
  asio::posix::stream_descriptor reader{io};
  asio::signal_set signals{io, SIGUSR2};
  long bytes = 0, signals_heard = 0;
  host_call* call = nullptr;
  void* arg = nullptr;

  Program() {
    if (::pipe(pipe) != 0) std::abort();
    reader.assign(pipe[0]);
    set = find_set(before);
    tick();
    read();
    hear();
  }
  ~Program() { ::close(pipe[1]); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void tick() {
    timer.expires_after(std::chrono::milliseconds(1));
    timer.async_wait([this](const auto& error) {
      if (error) return;
      tick();
      if (::write(pipe[1], "x", 1) != 1) std::abort();
      ::raise(SIGUSR2);
      if (call != nullptr) call(arg);
    });
  }
  void read() {
    reader.async_wait(asio::posix::stream_descriptor::wait_read, [this](const auto& error) {
      char byte;
      if (error) return;
      if (::read(pipe[0], &byte, 1) == 1) ++bytes;
      read();
    });
  }
  void hear() {
    signals.async_wait([this](const auto& error, int) {
      if (error) return;
      ++signals_heard;
      hear();
    });
  }
};

Program& at(void* host) { return *static_cast<Program*>(host); }

}  // namespace

extern "C" const host_program* host_asio(void) {
  static const host_program kHost = {
      "asio",
      []() -> void* { return new Program; },
      [](void* host) { delete &at(host); },
      [](void* host) -> void* { return at(host).adapter.table(); },
      [](void* host) {
        at(host).io.restart();
        at(host).io.run();
      },
      [](void* host) { at(host).io.stop(); },
      [](void* host, host_call* call, void* arg) {
        at(host).call = call;
        at(host).arg = arg;
      },
      [](void* host) { return static_cast<long>(poe_epoll_entries(at(host).set)); },  // Asio lists nothing
      [](void* host) { return at(host).bytes; },
      [](void* host) { return at(host).signals_heard; },
      nullptr,
      0};
  return &kHost;
}
