// SPDX-License-Identifier: MIT
#include "environment.hpp"

#include <sys/auxv.h>

#include <cstdlib>

namespace poe::host_room {

bool privileged() noexcept { return getauxval(AT_SECURE) != 0; }

std::string environment(const char* name) {
  const char* value = privileged() ? nullptr : secure_getenv(name);
  return value ? value : "";
}

}  // namespace poe::host_room
