// SPDX-License-Identifier: MIT
//
// A coroutine that waits for the shortest time, again and again.
#include "ours.hpp"
#include "poe/coroutine.hpp"

namespace poe::bench {

namespace {

Task<> wait_often(Self& self, std::uint64_t times) {
  for (std::uint64_t i = 0; i < times; ++i) {
    const auto slept = co_await self.sleep(Duration(1));
    if (!slept) co_return;
  }
}

}  // namespace

void our_delay(Run& run) {
  Kernel kernel = open_for(run);
  run.twice([&](std::uint64_t count) {
    kernel.spawn(wait_often, count);
    run_to_end(kernel);
  });
}

}  // namespace poe::bench
