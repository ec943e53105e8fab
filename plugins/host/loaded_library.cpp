// SPDX-License-Identifier: MIT
#include <dlfcn.h>

#include "live_host.hpp"

namespace poe::host_room {

std::string loaded_library(const std::vector<std::string>& sonames) {
  for (const std::string& soname : sonames) {
    if (soname.find('/') != std::string::npos) continue;  // a library's name, never a path
    void* handle = dlopen(soname.c_str(), RTLD_NOLOAD | RTLD_LAZY | RTLD_LOCAL);
    if (!handle) continue;
    dlclose(handle);  // gives back the reference that NOLOAD took
    return soname;
  }
  return "";
}

}  // namespace poe::host_room
