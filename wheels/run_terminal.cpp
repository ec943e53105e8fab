// SPDX-License-Identifier: MIT
#include "run_terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

namespace poe {
namespace {

tl::unexpected<Error> cannot(const char* step, int number) {
  return system_failure(number, step, "a pseudo-terminal", "see that /dev/pts is mounted and not used up");
}

// In the order of trust: where a person looks most likely.
WindowSize size_of_ours() {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO}) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) {
      return {size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel};
    }
  }
  return {};
}

Result<void> make_raw(const Fd& slave) {
  termios mode{};
  if (::tcgetattr(slave.get(), &mode) != 0) return cannot("tcgetattr", errno);
  ::cfmakeraw(&mode);
  if (::tcsetattr(slave.get(), TCSANOW, &mode) != 0) return cannot("tcsetattr", errno);
  return {};
}

Result<Fd> open_slave(const Fd& master) {
  std::array<char, 128> name{};
  if (const int number = ::ptsname_r(master.get(), name.data(), name.size()); number != 0) {
    return cannot("ptsname", number);
  }
  Fd slave(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave) return cannot("open", errno);
  return slave;
}

}  // namespace

Result<void> set_window(int master, WindowSize size) {
  const winsize wanted{size.rows, size.columns, size.x_pixels, size.y_pixels};
  if (::ioctl(master, TIOCSWINSZ, &wanted) != 0) return cannot("resize", errno);
  return {};
}

Result<Terminal> open_terminal(const std::optional<WindowSize>& size, bool raw) {
  Terminal made;
  made.master = Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!made.master) return cannot("posix_openpt", errno);
  if (::grantpt(made.master.get()) != 0) return cannot("grantpt", errno);
  if (::unlockpt(made.master.get()) != 0) return cannot("unlockpt", errno);
  auto slave = open_slave(made.master);
  if (!slave) return failure(slave.error());
  made.slave = std::move(*slave);
  if (raw) {
    if (auto set = make_raw(made.slave); !set) return failure(set.error());
  }
  if (auto set = set_window(made.master.get(), size ? *size : size_of_ours()); !set) return failure(set.error());
  return made;
}

}  // namespace poe
