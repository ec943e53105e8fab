// SPDX-License-Identifier: MIT
// A program that draws frames, a game for example: in each it gives the sessions some of the time that is left.
#include <chrono>
#include <cstdio>
#include <thread>

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
  auto kernel = poe::open_kernel();
  if (!kernel) return std::fprintf(stderr, "in_frames: %s\n", kernel.error().report().c_str()), 1;
  kernel->spawn(ticker);

  auto next_frame = std::chrono::steady_clock::now();
  for (bool more = true; more;) {
    // ... draw ...
    const auto ran = kernel->tick(2ms);
    if (!ran) return std::fprintf(stderr, "in_frames: %s\n", ran.error().report().c_str()), 1;
    more = *ran;
    std::this_thread::sleep_until(next_frame += 5ms);  // or the wait for the display
  }
  std::puts("host: the sessions have ended, I go on");
  std::puts("host: the end");
}
