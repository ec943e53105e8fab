// SPDX-License-Identifier: MIT
//
// A bench for ReadLine: a session with one wheel on a pseudo-terminal whose other end the test types on and looks at,
// and a log of what came of the asks.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "poe/wheels/read_line.hpp"
#include "poe/wheels/read_line_awaits.hpp"
#include "screen.hpp"
#include "wheel_bench.hpp"

namespace poe::test {

using Asker = WheelHolder<ReadLine>;

/// Both ends of a pseudo-terminal.
class Pty {
 public:
  Pty(std::uint16_t rows, std::uint16_t columns) : screen(rows, columns) {
    ::setenv("TERM", "xterm", 1);
    const winsize size{rows, columns, 0, 0};
    int ends[2] = {-1, -1};
    EXPECT_EQ(::openpty(&ends[0], &ends[1], nullptr, nullptr, &size), 0);
    master = Fd(ends[0]);
    slave = Fd(ends[1]);
    ::fcntl(master.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(master.get(), F_SETFD, FD_CLOEXEC);
  }
  void type(std::string_view keys) const {
    EXPECT_EQ(::write(master.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  /// Shows what was written to it. Whether there was something.
  bool look() {
    char buffer[4096];
    bool any = false;
    for (ssize_t got = 0; (got = ::read(master.get(), buffer, sizeof buffer)) > 0; any = true) {
      screen.write({buffer, static_cast<std::size_t>(got)});
      written.append(buffer, static_cast<std::size_t>(got));
    }
    return any;
  }
  termios settings() const {
    termios now{};
    EXPECT_EQ(::tcgetattr(master.get(), &now), 0);
    return now;
  }
  bool is_raw() const { return (settings().c_lflag & (ICANON | ECHO)) == 0; }
  bool is_cooked() const {
    constexpr tcflag_t kUsual = ICANON | ECHO | ISIG | IEXTEN;
    return (settings().c_lflag & kUsual) == kUsual;
  }

  Fd master, slave;
  Screen screen;
  std::string written;
};

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
