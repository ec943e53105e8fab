// SPDX-License-Identifier: MIT
// A clock on the whole screen, and the name of each key; q ends it. Try: curses_clock
#include <chrono>
#include <cstdio>
#include <ctime>

#include "poe/open.hpp"
#include "poe/wheels/curses_awaits.hpp"

static void draw(poe::Curses& screen, const std::string& key) {
  const std::time_t seconds = std::time(nullptr);
  char now[32] = "";
  std::strftime(now, sizeof now, " %H:%M:%S ", std::localtime(&seconds));
  const poe::WindowSize size = screen.size();
  screen.clear();
  screen.put(size.rows / 2, size.columns / 2 - 5, now, poe::Look::bold | poe::Look::reverse);
  screen.put(size.rows - 1, 0, "last key: " + key + "   (q ends)   " + std::to_string(size.columns) + " columns");
  screen.refresh();
}

static poe::Task<> show(poe::Self& self, int* exit_code) {
  poe::Curses screen(self);
  for (std::string last = "none";;) {
    draw(screen, last);
    const auto key = co_await screen.key().within(std::chrono::milliseconds(250));
    if (key ? key->is(U'q') : key.error().code() != poe::Errc::timed_out) break;
    if (key) last = key->number == 0 ? "character " + std::to_string(key->character) : std::to_string(key->number);
  }
  const auto& why = screen.open_error();
  if (why) std::fprintf(stderr, "curses_clock: %s\n", why->report().c_str()), *exit_code = 1;
}

int main() {
  poe::fill_standard_descriptors();
  int exit_code = 0;
  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn(show, &exit_code);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? exit_code : (std::fprintf(stderr, "curses_clock: %s\n", ran.error().report().c_str()), 1);
}
