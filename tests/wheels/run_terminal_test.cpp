// SPDX-License-Identifier: MIT
//
// Run on pseudo-terminals.
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>

#include "run_bench.hpp"

namespace poe::test {
namespace {

RunOptions on_terminal(RunOptions options, Conduit conduit = Conduit::pty) {
  options.conduit = conduit;
  return options;
}

class RunTerminal : public OnRealLoop {};
POE_ON_REAL_LOOPS(RunTerminal);

TEST_P(RunTerminal, IsRawAndControlsASessionOfItsOwnP154) {
  run(logging(on_terminal(RunOptions::call([] {
    termios mode{};
    ::tcgetattr(0, &mode);
    std::printf("cooked %d\n", (mode.c_lflag & (ICANON | ECHO | ISIG)) != 0 ? 1 : 0);
    std::printf("terminals %d%d%d\n", ::isatty(0), ::isatty(1), ::isatty(2));
    std::printf("leader %d\n", ::getsid(0) == ::getpid() && ::tcgetpgrp(0) == ::getpid() ? 1 : 0);
    std::fflush(stdout);
    std::fprintf(stderr, "merged\n");
    return 4;
  }))));
  EXPECT_EQ(log, (Log{"out cooked 0", "out terminals 111", "out leader 1", "out merged", "error out read 0", "close",
                      "exit 4"}))
      << "and its end is told as the end, not as error 5";
}

TEST_P(RunTerminal, StderrMayComeThroughAPipeP154) {
  run(logging_both(
      on_terminal(RunOptions::shell("test -t 0 && test -t 1 && echo tty; test -p /dev/stderr && echo pipe >&2"),
                  Conduit::pty_pipe)));
  EXPECT_EQ(std::count(log.begin(), log.end(), "out tty"), 1);
  EXPECT_EQ(std::count(log.begin(), log.end(), "err pipe"), 1);
  EXPECT_EQ(log.back(), "exit 0");
}

TEST_P(RunTerminal, HasItsSizeBeforeTheProgramStartsP155) {
  RunOptions options = on_terminal(RunOptions({"stty", "size"}));
  options.window = WindowSize(30, 101);
  run(logging(std::move(options)));
  EXPECT_EQ(lines(), Log{"30 101"});
}

TEST_P(RunTerminal, ResizingSendsTheSignal) {
  on_note = [this](const std::string& what) {
    if (what == "out ready") {
      EXPECT_TRUE(wheel->resize(WindowSize(50, 132)));
    }
  };
  run(logging(on_terminal(RunOptions::call([] {
    sigset_t changed;
    sigemptyset(&changed);
    sigaddset(&changed, SIGWINCH);
    ::sigprocmask(SIG_BLOCK, &changed, nullptr);
    std::puts("ready");
    std::fflush(stdout);
    int number = 0;
    ::sigwait(&changed, &number);
    winsize size{};
    ::ioctl(0, TIOCGWINSZ, &size);
    std::printf("%d %d %d %d\n", size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel);
    return 0;
  }))));
  EXPECT_EQ(lines(), (Log{"ready", "50 132 1188 800"}));
}

TEST_P(RunTerminal, AllOutputComesBeforeTheExitR81) {
  std::size_t octets = 0;
  RunOptions options = logging_end(on_terminal(RunOptions({"head", "-c", "1000000", "/dev/zero"})));
  options.stdout_filter = StreamFilter();
  options.on_stdout = [&](std::string_view bytes) { octets += bytes.size(); };
  on_note = [&](const std::string& what) { EXPECT_EQ(octets, 1'000'000U) << what; };
  run(std::move(options));
  EXPECT_EQ(log, (Log{"error out read 0", "close", "exit 0"}));
}

TEST_P(RunTerminal, PutsComeBackFromAProgramThatWantsATerminal) {
  RunOptions options = on_terminal(RunOptions::shell("read x; echo got $x"));
  options.raw_terminal = false;  // it echoes, and ends lines in its own way
  options.stdout_filter = LineOptions("\r\n");
  run(logging(std::move(options)), [](RunWheel& wheel) { EXPECT_TRUE(wheel.put("hello")); });
  EXPECT_EQ(lines(), (Log{"hello", "got hello"}));
}

TEST_P(RunTerminal, HangsUpWhenTheWheelIsDropped) {
  run(logging(on_terminal(RunOptions({"sleep", "1000"}))), [this](RunWheel&) { *wheel = RunWheel(); });
  EXPECT_EQ(log, Log{});  // and TearDown finds nobody: SIGHUP ended it
}

TEST_P(RunTerminal, NoSizeWithoutOne) {
  run(logging(RunOptions({"true"})), [](RunWheel& wheel) {
    const auto sized = wheel.resize(WindowSize(1, 2));
    ASSERT_FALSE(sized);
    EXPECT_EQ(sized.error().code(), Errc::not_supported);
  });
}

}  // namespace
}  // namespace poe::test
