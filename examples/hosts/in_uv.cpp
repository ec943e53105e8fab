// SPDX-License-Identifier: MIT
// A program that runs libuv, with sessions as guests of its loop.
#include <uv.h>

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
  uv_loop_t* loop = uv_default_loop();
  uv_timer_t work;  // what the program does itself
  uv_timer_init(loop, &work);
  uv_timer_start(
      &work, [](uv_timer_t*) {}, 10, 10);

  auto kernel = poe::open_kernel();
  auto guest = kernel ? kernel->attach(poe::host::uv(loop)) : poe::failure(kernel.error());
  if (!guest) return std::fprintf(stderr, "in_uv: %s\n", guest.error().report().c_str()), 1;
  kernel->spawn(ticker);
  guest->on_finished([&] {  // or stay for the next sessions
    std::puts("host: the sessions have ended, I go on");
    guest->detach([&] { uv_close(reinterpret_cast<uv_handle_t*>(&work), nullptr); });
  });

  uv_run(loop, UV_RUN_DEFAULT);
  std::puts("host: the end");
  return uv_loop_close(loop) == 0 ? 0 : 1;  // nobody has left anything in it
}
