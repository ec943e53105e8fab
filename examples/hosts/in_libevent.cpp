// SPDX-License-Identifier: MIT
// A program that runs libevent, with sessions as guests of its loop.
#include <event2/event.h>

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
  event_base* base = event_base_new();
  event* work = event_new(  // what the program does itself
      base, -1, EV_PERSIST, [](evutil_socket_t, short, void*) {}, nullptr);
  const timeval each{0, 10'000};
  event_add(work, &each);

  auto kernel = poe::open_kernel();
  auto guest = kernel ? kernel->attach(poe::host::libevent(base)) : poe::failure(kernel.error());
  if (!guest) return std::fprintf(stderr, "in_libevent: %s\n", guest.error().report().c_str()), 1;
  kernel->spawn(ticker);
  guest->on_finished([&] {  // or stay for the next sessions
    std::puts("host: the sessions have ended, I go on");
    guest->detach([&] { event_free(work); });
  });

  event_base_dispatch(base);
  std::puts("host: the end");
  event_base_free(base);
}
