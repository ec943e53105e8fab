// SPDX-License-Identifier: MIT
//
// However a program ends in the middle of a line, the terminal is as it was: another program, looked at from outside.
#include "crashed_program.hpp"
#include "wheel_bench.hpp"

namespace poe::test {
namespace {

class ReadLineCrash : public CrashedProgram {
 protected:
  void SetUp() override { begin("probe> "); }
  void expect_ended_by_fault() {
    const int status = ended();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their handlers exit
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) << status;
#endif
    EXPECT_NE(status, 0);
    expect_restored();
  }
};
POE_ON_REAL_LOOPS(ReadLineCrash);

TEST_P(ReadLineCrash, SegmentationFaultOfItsOwnIsTheSameFault) {
  type("fault\t");
  expect_ended_by_fault();
}

TEST_P(ReadLineCrash, SegmentationFaultSentOrRaised) {
  type("segv\t");
  EXPECT_NE(ended(), 0);
  expect_restored();
}

TEST_P(ReadLineCrash, SegmentationFaultSentFromOutside) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer takes it for a fault of its own instruction, and may wait for its own lock for ever";
#endif
  ::kill(child_, SIGSEGV);
  EXPECT_NE(ended(), 0);
  expect_restored();
}

// The reporter has our handler as the one before it, and at the second line our handler has the reporter.
TEST_P(ReadLineCrash, ChainOfHandlersComesToAnEnd) {
  type("chain\t\r");
  read_until("got chain");  // by now the next line may be asked for, or not yet
  type("fault\t");
  expect_ended_by_fault();
}

#if defined(__x86_64__) || defined(__i386__)
TEST_P(ReadLineCrash, TrapEndsIt) {
  type("trap\t");
  const int status = ended();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP) << status;
  expect_restored();
}
#endif

TEST_P(ReadLineCrash, Abort) {
  type("abort\t");
  EXPECT_NE(ended(), 0);
  expect_restored();
}

TEST_P(ReadLineCrash, ExitInTheMiddle) {
  type("exit\t");
  const int status = ended();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 3) << status;
  expect_restored();
}

TEST_P(ReadLineCrash, ExceptionOfTheCompletion) {
  type("throw\t");
  EXPECT_NE(ended(), 0);
  expect_restored();
}

TEST_P(ReadLineCrash, TermEndsItInOrder) {
  ::kill(child_, SIGTERM);
  const int status = ended();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  expect_restored();
}

TEST_P(ReadLineCrash, SignalNobodyHandlesStillEndsIt) {
  ::kill(child_, SIGUSR1);
  const int status = ended();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1) << status;
  expect_restored();
}

TEST_P(ReadLineCrash, EndOfTheInputIsAnOrdinaryEndAlsoTypedAhead) {
  type("one\r");
  read_until("got one");  // by now the next line may be asked for, or not yet
  type("\x04");
  const int status = ended();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  expect_restored();
}

}  // namespace
}  // namespace poe::test
