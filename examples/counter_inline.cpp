// SPDX-License-Identifier: MIT
// The first program of POE's manual: ten sessions, each counts to ten. Form 2: a few lambdas over one state.
#include <cstdio>

#include "poe/open.hpp"

inline constexpr poe::Event<int> increment{"increment"};

poe::Inline<int> counter(int session_number) {
  return poe::Inline(session_number)
      .on(poe::start,
          [](int& number, poe::Self& self) {
            std::printf("Session %d has started.\n", number);
            self.yield(increment, 1);
          })
      .on(increment,
          [](int& number, poe::Self& self, int n) {
            std::printf("Session %d has counted to %d.\n", number, n);
            if (n < 10) self.yield(increment, n + 1);
          })
      .on(poe::stop, [](int& number, poe::Self&) { std::printf("Session %d has stopped.\n", number); });
}

int main() {
  poe::fill_standard_descriptors();
  auto kernel = poe::open_kernel();
  for (int number = 1; kernel && number <= 10; ++number) kernel->spawn(counter(number));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? 0 : (std::fprintf(stderr, "%s\n", ran.error().report().c_str()), 1);
}
