// SPDX-License-Identifier: MIT
// A program with a poll(2) loop of its own, which waits for one descriptor more and for one deadline: a kernel is
// embedded in it. No plug-in for the host is needed; the kernel's own loop must be pollable, as epoll is.
#include <poll.h>

#include <chrono>
#include <cstdio>

#include "poe/coroutine.hpp"
#include "poe/open.hpp"

using namespace std::chrono_literals;

static poe::Task<> ticker(poe::Self& self) {
  for (int n = 1; n <= 3; ++n) {
    const auto slept = co_await self.sleep(20ms);
    if (!slept) co_return;
    std::printf("session: tick %d\n", n);
  }
}

int main() {
  auto kernel = poe::open_kernel({.loop = "epoll"});
  if (!kernel) return std::fprintf(stderr, "in_poll: %s\n", kernel.error().report().c_str()), 1;
  kernel->spawn(ticker);

  int rounds = 0;
  for (bool more = true; more; ++rounds) {
    const auto sessions = kernel->pollable();  // each round: sessions change it
    if (!sessions) return std::fprintf(stderr, "in_poll: %s\n", sessions.error().report().c_str()), 1;
    pollfd fds[] = {{sessions->fd, sessions->poll_events(), 0}};  // and the program's own beside it
    poll(fds, std::size(fds), sessions->poll_ms(kernel->now()));
    const auto ran = kernel->run_one_timeslice(0ns);
    if (!ran) return std::fprintf(stderr, "in_poll: %s\n", ran.error().report().c_str()), 1;
    more = *ran;  // false: the sessions have ended
  }
  std::puts("host: the sessions have ended, I go on");
  std::puts("host: the end");
  return rounds < 20 ? 0 : 1;  // it waited, it did not spin
}
