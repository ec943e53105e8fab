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

std::vector<std::string> ignored_variables() {
  std::vector<std::string> names;
  if (!privileged()) return names;
  for (const char* name : {"POE_EVENT_LOOP", "POE_LOOP_PATH", "POE_LOOP_ALLOW"})
    if (std::getenv(name)) names.emplace_back(name);
  return names;
}

}  // namespace poe::host_room
