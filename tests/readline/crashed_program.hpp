// SPDX-License-Identifier: MIT
//
// The probe of this folder, run at a terminal of its own and looked at from outside while it ends in many ways.
#pragma once

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <string>
#include <utility>

#include "pty.hpp"

namespace poe::test {

class CrashedProgram : public testing::TestWithParam<std::string> {
 protected:
  enum class Input { as_it_is, read_only };
  /// Starts it and waits until it has said that.
  void begin(const std::string& greeting, Input input = Input::as_it_is) {
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
      if (input == Input::read_only) ::dup2(::open(::ttyname(0), O_RDONLY), 0);
      ::execl(POE_TEST_PROBE, POE_TEST_PROBE, nullptr);
      ::_exit(127);
    }
    master_ = Fd(master);
    read_until(greeting);
    ASSERT_EQ(settings().c_lflag & (ICANON | ECHO), 0U) << "it has the terminal";
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
  /// Its status, once it has ended; a program that does not end fails the test and is killed.
  int ended() {
    int status = 0;
    const pid_t child = std::exchange(child_, -1);
    const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    pollfd end{process.get(), POLLIN, 0};
    if (::poll(&end, 1, 10'000) != 1) {
      ADD_FAILURE() << "it does not end";
      ::kill(child, SIGKILL);
    }
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

}  // namespace poe::test
