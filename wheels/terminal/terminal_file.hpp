// SPDX-License-Identifier: MIT
//
// A terminal as a FILE, as libedit and ncurses want it: of a descriptor of its own, so that the caller's stays open.
// Private; beside TerminalGuard, as the same wheels need it.
#pragma once

#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "poe/fd.hpp"

namespace poe {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using TerminalFile = std::unique_ptr<std::FILE, CloseFile>;

/// `mode` as fopen(3) has it. Null, and errno says why, where there is no descriptor or no memory left.
inline TerminalFile open_copy(int fd, const char* mode) noexcept {
  Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  TerminalFile file(copy ? ::fdopen(copy.get(), mode) : nullptr);
  const int number = errno;  // closing a copy nobody took may change it
  if (file) static_cast<void>(copy.release());
  copy.reset();
  errno = number;
  return file;
}

}  // namespace poe
