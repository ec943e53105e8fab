// SPDX-License-Identifier: MIT
//
// A bench for ReadLine: a session with one wheel on a pseudo-terminal whose other end the test types on and looks at,
// and a log of what came of the asks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "poe/wheels/read_line.hpp"
#include "poe/wheels/read_line_awaits.hpp"
#include "pty.hpp"
#include "wheel_bench.hpp"

namespace poe::test {

using Asker = WheelHolder<ReadLine>;

inline std::string described(const ReadLine::Answer& answer) {
  if (answer) return *answer;
  if (was_interrupted(answer.error())) return "<interrupt>";
  return "<" + std::string(to_string(answer.error().code())) + ">";
}

class ReadLineRig {
 public:
  explicit ReadLineRig(const std::string& loop, std::uint16_t rows = 10, std::uint16_t columns = 40)
      : pty(rows, columns), kernel(std::make_unique<OneLoop>(loop_plugin(loop))) {
    id = kernel.spawn<Asker>();
  }
  ~ReadLineRig() {
    if (kernel.alive(id)) drop();
  }

  ReadLineOptions options() const {
    ReadLineOptions made(pty.slave.get(), pty.slave.get());
    made.use_init_file = false;
    return made;
  }
  void make(ReadLineOptions with) {
    as_session([&](Asker& asker) { asker.wheel = ReadLine(asker, std::move(with)); });
  }
  void make() { make(options()); }
  void drop() {
    as_session([](Asker& asker) { asker.wheel = ReadLine(); });
  }
  ReadLine& wheel() {
    ReadLine* found = nullptr;
    as_session([&](Asker& asker) { found = &asker.wheel; });
    return *found;
  }
  template <class F>
  void as_session(F f) {
    const auto done = kernel.with<Asker>(id, f);
    ASSERT_TRUE(done) << done.error().report();
  }
  /// Asks, and waits until the prompt is there.
  void ask(LinePrompt prompt = "> ") {
    as_session([&](Asker& asker) {
      asker.wheel.get(std::move(prompt), [this](ReadLine::Answer answer) { note(described(answer)); });
    });
    settle();
  }
  void type(std::string_view keys) {
    pty.type(keys);
    settle();
  }
  /// Types one key after the other, each in a read of its own.
  void type_slowly(std::string_view keys) {
    for (const char key : keys) type({&key, 1});
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

class ReadLineTest : public testing::TestWithParam<std::string> {};

}  // namespace poe::test
