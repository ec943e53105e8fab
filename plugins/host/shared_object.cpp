// SPDX-License-Identifier: MIT
#include "shared_object.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <system_error>

namespace poe::host_room {

namespace {

constexpr int kMode = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE;

/// The linker's text with the file's own name in it.
std::string readable(const char* text, const std::string& name, const std::string& path) {
  std::string why = text ? text : "the dynamic linker gave no reason";
  for (std::size_t at; (at = why.find(name + ":")) != std::string::npos;) why.replace(at, name.size(), path);
  return why;
}

Refusal linker_refusal(const std::string& path, std::string why) {
  const bool missing = why.find("cannot open shared object file") != std::string::npos && !why.starts_with(path);
  if (missing)
    return {Errc::no_loop, kMissingLibrary + why, "dlopen",
            "install the library, or pick another loop with POE_EVENT_LOOP"};
  if (why.starts_with(path + ": ")) why.erase(0, path.size() + 2);
  return {Errc::not_a_plugin, "the dynamic linker refuses it: " + why, "dlopen", "build the plug-in again; see ldd -r"};
}

/// What this process has mapped so far.
/// Why process-wide: so is what it describes. Objects stay mapped for ever, and the dynamic linker takes an object for
/// another one if both were opened under the same name; "/proc/self/fd/7" must therefore name one file only.
class MappedObjects {
 public:
  static MappedObjects& of_process() {
    static MappedObjects all;
    return all;
  }

  Checked<void*> open(const std::string& path, const CheckedFile& checked) {
    const std::lock_guard lock(mutex_);
    const auto known = std::find_if(objects_.begin(), objects_.end(), [&](const Object& o) { return o.is(checked); });
    if (known != objects_.end()) return known->handle;
    auto handle = open_new(path, checked);
    if (handle) objects_.push_back({checked.identity.st_dev, checked.identity.st_ino, checked.digest, *handle});
    return handle;
  }

 private:
  struct Object {
    dev_t device;
    ino_t inode;
    std::optional<Digest> digest;  ///< of a sealed copy
    void* handle;

    /// A copy is known by its content: the file it was made of may be gone and its inode reused. A file opened itself
    /// is mapped, so its inode is not. The one is never taken for the other, whose bytes its owner may have changed.
    bool is(const CheckedFile& file) const {
      if (digest || file.digest) return digest == file.digest;
      return device == file.identity.st_dev && inode == file.identity.st_ino;
    }
  };

  Checked<void*> open_new(const std::string& path, const CheckedFile& checked) {
    Fd copy;  // under a number that has been part of no name, if its own has been
    int number = checked.fd.get();
    while (number >= 0 && std::find(used_.begin(), used_.end(), number) != used_.end()) {
      copy = Fd(fcntl(checked.fd.get(), F_DUPFD_CLOEXEC, number + 1));
      number = copy.get();
    }
    if (number < 0) return tl::unexpected(linker_refusal(path, std::generic_category().message(errno)));
    const std::string name = "/proc/self/fd/" + std::to_string(number);
    const bool has_proc = access(name.c_str(), F_OK) == 0;
    if (!has_proc && checked.digest)  // the name leads to the file, which its owner may write anew
      return refused(Errc::untrusted,
                     "/proc is not mounted, and only through it can the copy that was held to the allow-list be opened",
                     "dlopen", "mount /proc, or use no allow-list");
    void* handle = dlopen(has_proc ? name.c_str() : path.c_str(), kMode);
    if (!handle) return tl::unexpected(linker_refusal(path, readable(dlerror(), name, path)));
    if (has_proc) used_.push_back(number);
    return handle;
  }

  std::mutex mutex_;
  std::vector<Object> objects_;
  std::vector<int> used_;  // descriptor numbers that have been part of a name
};

/// Without /proc the name is opened, so look once more that it is still the checked file.
bool still_the_same(const std::string& path, const CheckedFile& checked) {
  struct stat now {};
  return stat(path.c_str(), &now) == 0 && now.st_dev == checked.identity.st_dev &&
         now.st_ino == checked.identity.st_ino;
}

}  // namespace

Checked<void*> open_symbol(const std::string& path, const CheckedFile& checked, const char* symbol,
                           const std::string& advice) {
  if (!still_the_same(path, checked))
    return refused(Errc::untrusted, "the file was replaced while it was being checked", "look at it again",
                   "try again");
  const auto handle = MappedObjects::of_process().open(path, checked);
  if (!handle) return handle;
  void* found = dlsym(*handle, symbol);
  if (found) return found;
  const std::string name(symbol);
  return refused(Errc::not_a_plugin, "it exports no " + name, "dlsym " + name, advice);
}

Checked<const poe_loop_plugin*> open_object(const PluginFile& file, const CheckedFile& checked) {
  const auto found = open_symbol(file.path(), checked, "poe_loop_entry",
                                 "export the loop with POE_EXPORT_LOOP and keep the symbol visible");
  if (!found) return tl::unexpected(found.error());
  const poe_loop_plugin* plugin = reinterpret_cast<decltype(&poe_loop_entry)>(*found)();
  if (!plugin)
    return refused(Errc::not_a_plugin, "poe_loop_entry() returned NULL", "call poe_loop_entry()",
                   "return the descriptor always: the loader judges it");
  return plugin;
}

}  // namespace poe::host_room
