// SPDX-License-Identifier: MIT
#include "own_object.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

namespace poe::host_room {

namespace {
void anchor() {}  // an address inside this object
}  // namespace

std::string canonical(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> found(realpath(path.c_str(), nullptr), &std::free);
  return found ? found.get() : "";
}

std::string canonical_below(const std::string& base, const std::string& below) {
  const std::string whole = base + "/" + below;
  for (std::size_t end = base.size(); end < whole.size();) {
    end = std::min(whole.find('/', end + 1), whole.size());
    char byte = 0;
    if (readlink(whole.substr(0, end).c_str(), &byte, sizeof byte) >= 0) return canonical(whole);
    if (errno != EINVAL) return "";  // EINVAL: it is no link
  }
  return whole;
}

namespace {

OwnObject find_own_object() {
  Dl_info info{};
  void* extra = nullptr;
  if (dladdr1(reinterpret_cast<void*>(&anchor), &info, &extra, RTLD_DL_LINKMAP) == 0) return {};
  const auto* map = static_cast<const link_map*>(extra);
  OwnObject own;
  own.header = static_cast<const ElfW(Ehdr)*>(info.dli_fbase);
  own.is_program = map->l_name[0] == '\0';
  // Never dli_fname for the program: that is argv[0], which its caller chooses.
  if (own.is_program)
    own.path = canonical("/proc/self/exe");
  else if (map->l_name[0] == '/')
    own.path = canonical(map->l_name);
  return own;
}

}  // namespace

// Found once: it takes a dozen system calls, and does not change.
const OwnObject& own_object() {
  static const OwnObject kOwn = find_own_object();
  return kOwn;
}

}  // namespace poe::host_room
