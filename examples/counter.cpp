// SPDX-License-Identifier: MIT
// The first program of POE's manual: ten sessions, each counts to ten. Form 1: a class. counter_inline.cpp is form 2.
#include <cstdio>

#include "poe/open.hpp"

inline constexpr poe::Event<int> increment{"increment"};

class Counter : public poe::Session {
 public:
  Counter(poe::Birth birth, int number) : Session(std::move(birth)), number_(number) {}
  static void handlers(poe::Handlers<Counter>& table) {
    table.on(poe::start, &Counter::begin).on(increment, &Counter::count).on(poe::stop, &Counter::end);
  }

 private:
  void begin() { std::printf("Session %d has started.\n", number_), yield(increment, 1); }
  void count(int n) {
    std::printf("Session %d has counted to %d.\n", number_, n), n < 10 ? yield(increment, n + 1) : void();
  }
  void end() { std::printf("Session %d has stopped.\n", number_); }
  int number_;
};

int main() {
  poe::fill_standard_descriptors();
  auto kernel = poe::open_kernel();
  for (int number = 1; kernel && number <= 10; ++number) kernel->spawn<Counter>(number);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? 0 : (std::fprintf(stderr, "%s\n", ran.error().report().c_str()), 1);
}
