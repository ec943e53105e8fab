// SPDX-License-Identifier: MIT
// A turnstile as a state machine, driven by words on the command line: turnstile push coin push. "dot" prints its
// diagram.
#include <cstdio>
#include <string_view>
#include <vector>

#include "poe/machine.hpp"
#include "poe/open.hpp"

inline constexpr poe::State locked{"locked"}, unlocked{"unlocked"}, broken{"broken"};
inline constexpr poe::Event<> coin{"coin"}, push{"push"}, kick{"kick"}, diagram{"dot"}, repaired{"repaired"};

class Turnstile : public poe::Machine<Turnstile> {
 public:
  using Machine::Machine;
  static void states(poe::States<Turnstile>& s) {
    s.in(locked)
        .on(poe::enter, &Turnstile::tell)
        .on(coin, &Turnstile::take_coin, {unlocked})
        .on(push, &Turnstile::refuse);
    s.in(unlocked).on(poe::enter, &Turnstile::tell).go(push, locked).on(coin, &Turnstile::thank);
    s.in(broken).on(poe::enter, &Turnstile::repair);
    s.immediate()
        .anywhere()
        .on(kick, &Turnstile::breaks, {broken})
        .on(repaired, &Turnstile::tell)
        .on(diagram, &Turnstile::print);
  }

 private:
  void tell() { std::printf("%s, %d coins\n", state().name, coins_); }
  void take_coin() {
    ++coins_;
    goto_state(unlocked);
  }
  void refuse() { std::puts("pay first"); }
  void thank() { std::printf("thank you, %d coins\n", ++coins_); }
  void breaks() { call_state(repaired, broken); }  // and back to where it was
  void repair() { std::puts("broken"), return_state(); }
  void print() { std::fputs(to_dot("turnstile").c_str(), stdout); }
  int coins_ = 0;
};

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  for (const std::string_view word : words) {
    if (word != "coin" && word != "push" && word != "kick" && word != "dot") {
      return std::fputs("usage: turnstile [coin|push|kick|dot]...\n", stderr), 2;
    }
  }
  auto kernel = poe::open_kernel();
  const poe::SessionId gate = kernel ? kernel->spawn<Turnstile>() : poe::SessionId();
  for (const std::string_view word : words) static_cast<void>(kernel && kernel->post(gate, word, {}));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  return ran ? 0 : (std::fprintf(stderr, "%s\n", ran.error().report().c_str()), 1);
}
