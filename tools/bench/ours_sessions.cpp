// SPDX-License-Identifier: MIT
//
// Sessions as such: to make and end them, what an idle one weighs, and a whole small program.
#include <malloc.h>

#include "hello.hpp"
#include "ours.hpp"

namespace poe::bench {

namespace {

inline constexpr Event<int> kPoke{"poke"};

/// As small as a session of a program is: some state and a handler.
class Small : public Session {
 public:
  explicit Small(Birth birth) : Session(std::move(birth)) {}
  static void handlers(Handlers<Small>& h) { h.on(kPoke, &Small::poke); }

 private:
  void poke(int number) { sum_ += number; }
  std::int64_t sum_ = 0;
};

/// Makes sessions that end at once, a few at a time as a server does.
class Maker : public Session {
 public:
  Maker(Birth birth, std::uint64_t count) : Session(std::move(birth)), left_(count) {}
  static void handlers(Handlers<Maker>& h) { h.on(start, &Maker::begin).on(kPoke, &Maker::make); }

 private:
  static constexpr std::uint64_t kAtOnce = 64;
  void begin() { yield(kPoke, 0); }
  void make(int) {
    for (std::uint64_t i = 0; i < kAtOnce && left_ != 0; ++i, --left_) kernel().spawn<Small>();
    if (left_ != 0) yield(kPoke, 0);
  }
  std::uint64_t left_;
};

std::size_t heap_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace

void our_session_life(Run& run) {
  Kernel kernel = open_for(run);
  run.twice([&](std::uint64_t count) {
    kernel.spawn<Maker>(count);
    run_to_end(kernel);
  });
}

void our_session_size(Run& run) {
  Kernel kernel = open_for(run);
  kernel.spawn<Small>();  // its table of handlers is once a class
  const std::size_t before = heap_in_use();
  for (std::uint64_t i = 0; i < run.operations; ++i) kernel.spawn<Small>();
  run.report(static_cast<double>(heap_in_use() - before));
}

void our_hello(Run& run) { run.report(run_programs("poe-bench-hello", run.operations)); }

}  // namespace poe::bench
