// SPDX-License-Identifier: MIT
#include "live_host.hpp"

#include <dlfcn.h>

namespace poe::host_room {

Probed probe(const poe_loop_plugin& plugin) {
  Probed answer{&plugin};
  if (!plugin.probe) {
    answer.reason = "its library has no way to tell";
    return answer;
  }
  const char* reason = nullptr;
  const int code = plugin.probe(&answer.foreign, &reason);
  answer.liveness = code == 2 ? Liveness::running : code == 1 ? Liveness::idle : Liveness::absent;
  answer.reason = reason ? reason : "";
  return answer;
}

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
