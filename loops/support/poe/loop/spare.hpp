// SPDX-License-Identifier: MIT
//
// Asking for descriptors before a library does that ends the program when there are none. Any thread; another thread
// may still take them in between.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

namespace poe::loop {

/// Throws std::system_error (EMFILE, ENFILE) unless `count` descriptors can be made now; `what` is wanted with them.
inline void require_descriptors(int count, const char* what) {
  std::vector<int> made;
  int error = 0;
  while (error == 0 && static_cast<int>(made.size()) < count) {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      error = errno;
    else
      made.push_back(fd);
  }
  for (const int fd : made) close(fd);
  if (error == EMFILE || error == ENFILE)
    throw std::system_error(error, std::generic_category(), std::string("no descriptors left for ") + what);
}

}  // namespace poe::loop
