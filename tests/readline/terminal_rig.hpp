// SPDX-License-Identifier: MIT
//
// TerminalRig: a session with one wheel on a pseudo-terminal whose other end the test types on and looks at, and a log
// of what the wheel told.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "pty.hpp"
#include "wheel_bench.hpp"

namespace poe::test {

template <class Wheel>
class TerminalRig {
 public:
  using Holder = WheelHolder<Wheel>;

  explicit TerminalRig(const std::string& loop, std::uint16_t rows = 10, std::uint16_t columns = 40)
      : pty(rows, columns), kernel(std::make_unique<OneLoop>(loop_plugin(loop))), id(kernel.spawn<Holder>()) {}
  TerminalRig(const TerminalRig&) = delete;
  TerminalRig& operator=(const TerminalRig&) = delete;
  ~TerminalRig() {
    if (kernel.alive(id)) drop();
  }

  template <class Options>
  void make(Options with) {
    as_session([&](Holder& holder) { holder.wheel = Wheel(holder, std::move(with)); });
  }
  void drop() {
    as_session([](Holder& holder) { holder.wheel = Wheel(); });
  }
  Wheel& wheel() {
    Wheel* found = nullptr;
    as_session([&](Holder& holder) { found = &holder.wheel; });
    return *found;
  }
  template <class F>
  void as_session(F f) {
    const auto done = kernel.with<Holder>(id, f);
    ASSERT_TRUE(done) << done.error().report();
  }
  void type(std::string_view keys) {
    pty.type(keys);
    settle();
  }
  void note(const std::string& what) {
    log.push_back(what);
    if (on_note) on_note(what);
  }
  void slice() { ASSERT_TRUE(kernel.run_one_timeslice(2ms)); }
  /// Until nothing has happened for a while, on the screen or in the log.
  void settle() {
    for (int quiet = 0; quiet < 4; ++quiet) {
      const auto before = log.size();
      slice();
      if (pty.look() || log.size() != before) quiet = 0;
    }
  }
  void until(const std::function<bool()>& there) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!there() && std::chrono::steady_clock::now() < limit) {
      slice();
      pty.look();
    }
    EXPECT_TRUE(there());
  }
  void expect(const Log& expected) {
    until([&] { return log.size() >= expected.size(); });
    settle();
    EXPECT_EQ(log, expected);
    log.clear();
  }
  Log shown() const { return pty.screen.rows(); }

  Pty pty;
  std::function<void(const std::string&)> on_note;
  Log log;
  Kernel kernel;
  SessionId id;
};

}  // namespace poe::test
