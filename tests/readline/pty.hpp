// SPDX-License-Identifier: MIT
//
// A pseudo-terminal: the test types at one end and looks at what is written to the other.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "poe/fd.hpp"
#include "screen.hpp"

namespace poe::test {

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

}  // namespace poe::test
