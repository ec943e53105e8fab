// SPDX-License-Identifier: MIT
#include "host_adapter.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>

namespace poe::tool {

namespace {

/// What the file is now, links not followed; false: errno says why it cannot be told.
bool look_at(const std::string& path, struct stat& ret) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  const bool known = fd >= 0 && ::fstat(fd, &ret) == 0;
  const int why = errno;
  if (fd >= 0) ::close(fd);
  errno = why;
  return known;
}

/// Why code of this file must not run; empty: it may. The folder was judged by the loader, so nobody else can put
/// another file in its place between this look and the opening.
std::string distrust(const std::string& path, const std::string& plugin_path) {
  struct stat file {};
  struct stat plugin {};
  if (!look_at(path, file))
    return errno == ELOOP ? "it is a link" : std::string("it cannot be looked at: ") + std::strerror(errno);
  if (!S_ISREG(file.st_mode)) return "it is no regular file";
  if ((file.st_mode & S_IWOTH) != 0) return "everybody may write it";
  if (file.st_uid == 0 || file.st_uid == ::geteuid()) return {};
  if (::stat(plugin_path.c_str(), &plugin) == 0 && plugin.st_uid == file.st_uid) return {};
  return "it belongs to user " + std::to_string(file.st_uid) + ", who owns neither the plug-in nor this process";
}

/// The adapter beside the plug-in; empty: there is none.
std::string beside(const CheckedPlugin& plugin) {
  std::array<char, 4096> path{};
  const char* loop = poe_kit_name_of(plugin.plugin);
  return poe_kit_host_beside(plugin.path.c_str(), loop, path.data(), path.size()) != 0 ? path.data() : std::string();
}

bool refuse(const std::string& file, const std::string& found, const std::string& advice) {
  std::cerr << "poe: cannot use the host adapter " << file << "\n  found: " << found << "\n  do:    " << advice << '\n';
  return false;
}

}  // namespace

bool find_host(const std::string& named, const CheckedPlugin& plugin, poe_kit_target& target) {
  const std::string file = named.empty() ? beside(plugin) : named;
  if (file.empty()) return true;
  if (named.empty() && plugin.by_name)
    if (const std::string why = distrust(file, plugin.path); !why.empty())
      return refuse(file, why, "chmod o-w or chown it, or name it with --host FILE if you know what it does");
  std::array<char, 1024> why{};
  target.foreign = poe_kit_open_host(file.c_str(), why.data(), why.size());
  if (target.foreign != nullptr) return true;
  return refuse(file, why.data(),
                "build it with poe_kit_host_entry() (poe/loop_kit.h), or name another with --host FILE");
}

}  // namespace poe::tool
