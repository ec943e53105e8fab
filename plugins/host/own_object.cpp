// SPDX-License-Identifier: MIT
#include "own_object.hpp"

#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <span>

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

/// Of the object that has anchor(), for dl_iterate_phdr(3). Why not dladdr(3): it goes through all symbols for a name
/// that nobody wants.
int describe_own(dl_phdr_info* object, std::size_t, void* into) {
  const auto address = reinterpret_cast<ElfW(Addr)>(&anchor);
  const std::span segments(object->dlpi_phdr, object->dlpi_phnum);
  const auto holds = [&](const ElfW(Phdr) & segment) {
    return segment.p_type == PT_LOAD && address - (object->dlpi_addr + segment.p_vaddr) < segment.p_memsz;
  };
  if (std::none_of(segments.begin(), segments.end(), holds)) return 0;
  OwnObject& own = *static_cast<OwnObject*>(into);
  const auto first = std::find_if(segments.begin(), segments.end(), [](const auto& s) { return s.p_type == PT_LOAD; });
  own.header = reinterpret_cast<const ElfW(Ehdr)*>(object->dlpi_addr + first->p_vaddr);
  own.is_program = object->dlpi_name[0] == '\0';
  own.path = object->dlpi_name;
  return 1;
}

OwnObject find_own_object() {
  OwnObject own;
  dl_iterate_phdr(&describe_own, &own);
  // Never a name for the program: that is argv[0], which its caller chooses.
  if (own.is_program)
    own.path = canonical("/proc/self/exe");
  else if (own.path.starts_with('/'))
    own.path = canonical(own.path);
  else
    own.path.clear();
  return own;
}

}  // namespace

// Found once: it takes a dozen system calls, and does not change.
const OwnObject& own_object() {
  static const OwnObject kOwn = find_own_object();
  return kOwn;
}

}  // namespace poe::host_room
