// SPDX-License-Identifier: MIT
//
// However a program ends in the middle of a line, the terminal is as it was: another program, looked at from outside.
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "read_line_bench.hpp"

namespace poe::test {
namespace {

class ReadLineCrash : public ReadLineTest {
 protected:
  void SetUp() override {
    ::setenv("TERM", "xterm", 1);
    int master = -1;
    const winsize size{24, 80, 0, 0};
    before_ = Pty(24, 80).settings();
    child_ = ::forkpty(&master, nullptr, &before_, &size);
    if (child_ == 0) {
      ::setenv("POE_EVENT_LOOP", GetParam().c_str(), 1);
      ::setenv("POE_LOOP_PATH", POE_TEST_LOOP_DIR, 1);
      const rlimit none{0, 0};
      ::setrlimit(RLIMIT_CORE, &none);
      ::execl(POE_TEST_PROBE, POE_TEST_PROBE, nullptr);
      ::_exit(127);
    }
    master_ = Fd(master);
    read_until("probe> ");
    ASSERT_EQ(settings().c_lflag & (ICANON | ECHO), 0U) << "it edits";
  }
  void TearDown() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
  }

  void read_until(const std::string& what) {
    std::string seen;
    while (seen.find(what) == std::string::npos) {
      pollfd ready{master_.get(), POLLIN, 0};
      ASSERT_EQ(::poll(&ready, 1, 10'000), 1) << "it said only: " << seen;
      char buffer[1024];
      const auto got = ::read(master_.get(), buffer, sizeof buffer);
      ASSERT_GT(got, 0) << "it said only: " << seen;
      seen.append(buffer, static_cast<std::size_t>(got));
    }
  }
  void type(std::string_view keys) const {
    ASSERT_EQ(::write(master_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  termios settings() const {
    termios now{};
    EXPECT_EQ(::tcgetattr(master_.get(), &now), 0);
    return now;
  }
  int ended() {
    int status = 0;
    const pid_t child = std::exchange(child_, -1);
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
  }
  void expect_restored() const {
    const termios now = settings();
    EXPECT_EQ(now.c_lflag, before_.c_lflag);
    EXPECT_EQ(now.c_iflag, before_.c_iflag);
    EXPECT_EQ(now.c_oflag, before_.c_oflag);
  }

  pid_t child_ = -1;
  Fd master_;
  termios before_{};
};
POE_ON_REAL_LOOPS(ReadLineCrash);

TEST_P(ReadLineCrash, SegmentationFaultOfItsOwnIsTheSameFault) {
  type("fault\t");
  const int status = ended();
#ifndef __SANITIZE_ADDRESS__
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) << status;
#endif
  EXPECT_NE(status, 0);
  expect_restored();
}

TEST_P(ReadLineCrash, SegmentationFaultSentOrRaised) {
  type("segv\t");
  EXPECT_NE(ended(), 0);
  expect_restored();
}

TEST_P(ReadLineCrash, SegmentationFaultSentFromOutside) {
  ::kill(child_, SIGSEGV);
  EXPECT_NE(ended(), 0);
  expect_restored();
}

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
