// SPDX-License-Identifier: MIT
//
// Over the Asio without Boost where there is one: the plug-in is built over Boost's where there is one, and the two get
// along.
#include <unistd.h>

#include <chrono>
#include <memory>
#include <poe/asio_adapter.hpp>
#include <utility>
#include <vector>

extern "C" {
#include "epoll_entries.h"
}
#include <poe/loop_kit.h>

namespace {

namespace lib = poe::asio_detail::lib;

/// One piece of the program's own work. The handlers keep it; ended, they call nobody.
struct Work : std::enable_shared_from_this<Work> {
  Work(lib::io_context& io, poe_kit_call* what, void* with) : timer(io), reader(io), call(what), arg(with) {}
  ~Work() {
    if (reader.is_open()) reader.release();
  }

  void tick(std::chrono::nanoseconds every) {
    timer.expires_after(every);
    timer.async_wait([self = shared_from_this(), every](const auto& error) {
      if (error || self->ended) return;
      self->tick(every);
      self->call(self->arg);
    });
  }

  void read() {
    reader.async_wait(lib::posix::stream_descriptor::wait_read, [self = shared_from_this()](const auto& error) {
      if (error || self->ended) return;
      self->call(self->arg);
      if (!self->ended) self->read();
    });
  }

  void end() {
    ended = true;
    timer.cancel();
    if (reader.is_open()) reader.release();
  }

  lib::steady_timer timer;
  lib::posix::stream_descriptor reader;
  poe_kit_call* call;
  void* arg;
  bool ended = false;
};

struct AsioHost {
  lib::io_context io{1};
  lib::steady_timer makes_the_reactor{io};
  poe::AsioAdapter adapter{io};
  std::vector<std::shared_ptr<Work>> work{};
  int set = -1;  // Asio's epoll set
};

AsioHost& at(void* host) { return *static_cast<AsioHost*>(host); }

/// The io_context has opened it last, near `from`.
int find_set(int from) {
  for (int fd = from; fd < from + 4; ++fd)
    if (poe_epoll_entries(fd) > 0) return fd;
  return -1;
}

void* make_host() {
  const int next = dup(0);  // the number that the next descriptor gets
  if (next >= 0) close(next);
  auto host = std::make_unique<AsioHost>();
  host->set = find_set(next);
  return host.release();
}

void* native(void* host) { return at(host).adapter.table(); }

void clear(void* host) {
  for (const auto& work : at(host).work) work->end();
  at(host).work.clear();
}

void destroy(void* host) {
  clear(host);
  delete &at(host);
}

int run(void* host, std::int64_t at_most_ns) {
  at(host).io.restart();
  at(host).io.run_for(std::chrono::nanoseconds(at_most_ns));
  return 0;
}

void stop(void* host) { at(host).io.stop(); }

/// Asio lists nothing: the descriptors among what it holds.
std::int64_t count(void* host) { return poe_epoll_entries(at(host).set); }

std::shared_ptr<Work> add_work(void* host, poe_kit_call* call, void* arg) {
  at(host).work.push_back(std::make_shared<Work>(at(host).io, call, arg));
  return at(host).work.back();
}

int add_timer(void* host, std::int64_t every_ns, poe_kit_call* call, void* arg) {
  add_work(host, call, arg)->tick(std::chrono::nanoseconds(every_ns));
  return 0;
}

int add_reader(void* host, int fd, poe_kit_call* call, void* arg) {
  const auto work = add_work(host, call, arg);
  work->reader.assign(fd);
  work->read();
  return 0;
}

/// Out of work, an io_context is stopped.
int run_dry(void* host, std::int64_t at_most_ns) {
  run(host, at_most_ns);
  return at(host).io.stopped() ? 1 : 0;
}

}  // namespace

extern "C" const poe_kit_foreign* poe_kit_host_entry(void) {
  static const poe_kit_foreign kForeign = {sizeof kForeign, 0,     "Asio",  make_host, native,
                                           destroy,         run,   stop,    count,     add_timer,
                                           add_reader,      clear, run_dry, nullptr};
  return &kForeign;
}
