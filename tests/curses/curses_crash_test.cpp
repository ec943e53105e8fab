// SPDX-License-Identifier: MIT
//
// However a program ends that has the whole screen, the terminal is as it was: another program, looked at from outside.
#include "crashed_program.hpp"
#include "wheel_bench.hpp"

namespace poe::test {
namespace {

class CursesCrash : public CrashedProgram {
 protected:
  void SetUp() override { begin("probe"); }
  void expect_left() {
    expect_restored();
    read_until("\033[?1049l");
  }
};
POE_ON_REAL_LOOPS(CursesCrash);

TEST_P(CursesCrash, SegmentationFault) {
  type("f");
  EXPECT_NE(ended(), 0);
  expect_left();
}

#if defined(__x86_64__) || defined(__i386__)
TEST_P(CursesCrash, TrapEndsIt) {
  type("z");
  read_until("running");  // the loop, by then
  type("b");
  const int status = ended();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP) << status;
  expect_left();
}
#endif

TEST_P(CursesCrash, StoppedTerminalHoldsUpNobody) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "it holds up the sanitizer's own report";
#endif
  const Fd terminal(::open(::ptsname(master_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_EQ(::tcflow(terminal.get(), TCOOFF), 0);  // ^S
  type("f");
  EXPECT_NE(ended(), 0);
  expect_restored();
}

TEST_P(CursesCrash, Abort) {
  type("a");
  EXPECT_NE(ended(), 0);
  expect_left();
}

TEST_P(CursesCrash, ExitInTheMiddle) {
  type("x");
  const int status = ended();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 3) << status;
  expect_left();
}

TEST_P(CursesCrash, ExceptionOfAHandler) {
  type("t");
  EXPECT_NE(ended(), 0);
  expect_left();
}

TEST_P(CursesCrash, TermEndsItInOrder) {
  type("z");
  read_until("running");  // the loop, by then
  ::kill(child_, SIGTERM);
  const int status = ended();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  expect_left();
}

TEST_P(CursesCrash, SignalNobodyHandlesStillEndsIt) {
  type("z");
  read_until("running");  // the loop, by then
  ::kill(child_, SIGUSR1);
  const int status = ended();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1) << status;
  expect_left();
}

TEST_P(CursesCrash, KeyEndsItInOrder) {
  type("q");
  EXPECT_EQ(ended(), 0);
  expect_left();
}

// As a shell opens it for "program </dev/tty".
class CursesReadOnlyCrash : public CursesCrash {
 protected:
  void SetUp() override { begin("probe", Input::read_only); }
};
POE_ON_REAL_LOOPS(CursesReadOnlyCrash);

TEST_P(CursesReadOnlyCrash, SegmentationFaultLeavesTheScreen) {
  type("f");
  EXPECT_NE(ended(), 0);
  expect_left();
}

}  // namespace
}  // namespace poe::test
