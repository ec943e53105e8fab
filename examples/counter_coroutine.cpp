// SPDX-License-Identifier: MIT
// counter.cpp in form 3: a coroutine whose frame is the session's state.
#include <cstdio>

#include "poe/coroutine.hpp"
#include "poe/open.hpp"

inline constexpr poe::Event<int> increment{"increment"};

static poe::Task<> count(poe::Self& self, int number) {
  std::printf("Session %d has started.\n", number);
  for (int n = 1; n <= 10; ++n) {
    self.yield(increment, n);
    const auto reached = co_await self.next(increment);
    if (!reached) break;
    std::printf("Session %d has counted to %d.\n", number, *reached);
  }
  static_cast<void>(co_await self.sleep({}));  // the others count, too
  std::printf("Session %d has stopped.\n", number);
}

int main() {
  poe::fill_standard_descriptors();
  auto kernel = poe::open_kernel();
  for (int number = 1; kernel && number <= 10; ++number) kernel->spawn(count, number);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? 0 : (std::fprintf(stderr, "%s\n", ran.error().report().c_str()), 1);
}
