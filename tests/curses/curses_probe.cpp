// SPDX-License-Identifier: MIT
//
// A program that has the whole screen, and ends in the way a key says. To be looked at from outside.
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "poe/open.hpp"
#include "poe/wheels/curses_awaits.hpp"

namespace {

void end_as(char32_t key) {
  if (key == U'f') *reinterpret_cast<volatile int*>(4096) = 1;  // nothing is there, and UBSan looks for null alone
#if defined(__x86_64__) || defined(__i386__)
  if (key == U'b') __asm__ volatile("int3");
#endif
  if (key == U'a') std::abort();
  if (key == U'x') std::exit(3);
  if (key == U't') throw std::runtime_error("from a handler");
}

poe::Task<> show(poe::Self& self) {
  poe::Curses screen(self);
  screen.put(0, 0, "probe");
  screen.refresh();
  for (auto key = co_await screen.key(); key && !key->is(U'q'); key = co_await screen.key()) {
    end_as(key->character);
    screen.put(1, 0, "running");
    screen.refresh();
  }
}

}  // namespace

int main() {
  auto kernel = poe::open_kernel();
  if (!kernel) return 1;
  kernel->spawn(show);
  return kernel->run() ? 0 : 1;
}
