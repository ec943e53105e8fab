// SPDX-License-Identifier: MIT
//
// A bench for Run: a session with one wheel, and a log of what the wheel said. It runs until nothing keeps the session,
// so each test also shows that a wheel that is through lets go. Real loops only: sim has no processes.
#pragma once

#include <sys/wait.h>

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "poe/filters/line.hpp"
#include "poe/filters/stream.hpp"
#include "poe/wheels/run.hpp"
#include "wheel_bench.hpp"

namespace poe::test {

/// Inside a test, Run is a function of GoogleTest.
using RunWheel = Run;

/// The session.
class Patron : public Session {
 public:
  using Begin = std::function<void(Patron&)>;
  Patron(Birth&& birth, Begin begin) : Session(std::move(birth)), begin_(std::move(begin)) {}
  static void handlers(Handlers<Patron>& table) { table.on(start, &Patron::begin); }
  Run wheel;

 private:
  void begin() { begin_(*this); }
  Begin begin_;
};

inline std::string stream_name(ChildStream which) {
  switch (which) {
    case ChildStream::none:
      return "start";
    case ChildStream::input:
      return "in";
    case ChildStream::output:
      return "out";
    case ChildStream::errors:
      return "err";
  }
  return "?";
}

class RunRig {
 public:
  explicit RunRig(const std::string& loop) : kernel(std::make_unique<OneLoop>(loop_plugin(loop))) {}

  /// Callbacks that write into `log`, all but on_stderr and on_stdin_flushed.
  RunOptions logging(RunOptions options) {
    options.on_stdout = [this](std::string_view record) { note("out " + std::string(record)); };
    return logging_end(std::move(options));
  }
  RunOptions logging_both(RunOptions options) {
    options.on_stderr = [this](std::string_view record) { note("err " + std::string(record)); };
    return logging(std::move(options));
  }
  /// Only how it ends.
  RunOptions logging_end(RunOptions options) {
    options.on_error = [this](ChildStream which, const Error& error) {
      note("error " + stream_name(which) + " " + error.operation() + " " + std::to_string(error.number()));
    };
    options.on_close = [this] { note("close"); };
    options.on_exit = [this](const ExitStatus& status) {
      note(status.signal != 0 ? "signal " + std::to_string(status.signal) : "exit " + std::to_string(status.code));
    };
    return options;
  }
  void note(const std::string& what) {
    log.push_back(what);
    if (on_note) on_note(what);
  }

  /// Runs a session that makes the wheel, and then does `work`, until it has nothing left.
  void run(
      RunOptions options, const std::function<void(Run&)>& work = [](Run&) {}) {
    auto shared = std::make_shared<RunOptions>(std::move(options));
    run_session([this, shared, work](Patron& patron) {
      patron.wheel = Run(patron, std::move(*shared));
      wheel = &patron.wheel;
      work(patron.wheel);
    });
  }
  void run_session(const Patron::Begin& begin) {
    id = kernel.spawn<Patron>(begin);
    const auto ran = kernel.run();
    ASSERT_TRUE(ran) << ran.error().report();
  }
  /// What all the lines of stdout were.
  Log lines() const {
    Log all;
    for (const std::string& line : log) {
      if (line.starts_with("out ")) all.push_back(line.substr(4));
    }
    return all;
  }
  /// Not even one that has ended; reaps nobody.
  static bool nobody_is_left() {
    siginfo_t unused{};
    return ::waitid(P_ALL, 0, &unused, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD;
  }

  std::function<void(const std::string&)> on_note;  // runs inside the callback
  Log log;
  Kernel kernel;
  SessionId id;
  Run* wheel = nullptr;
};

class OnRealLoop : public testing::TestWithParam<std::string>, protected RunRig {
 protected:
  OnRealLoop() : RunRig(GetParam()) {}
  void TearDown() override { EXPECT_TRUE(nobody_is_left()) << "a child was not reaped"; }
};

}  // namespace poe::test
