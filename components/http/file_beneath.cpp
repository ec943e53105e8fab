// SPDX-License-Identifier: MIT
#include "file_beneath.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace poe {
namespace {

constexpr int kRead = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // non-blocking: a pipe put in its place meanwhile

tl::unexpected<Error> no_file(int number, std::string_view path) {
  return system_failure(number, "open", std::string(path));
}

bool is_plain(std::string_view name, bool dotfiles) {
  if (name.empty() || name == "." || name == ".." || name.find('\0') != std::string_view::npos) return false;
  return dotfiles || name.front() != '.';
}

// Looks before it opens, for opening a pipe or a device does something to it.
Result<Fd> open_in(const Fd& folder, const std::string& name, bool last) {
  struct stat before {};
  if (::fstatat(folder.get(), name.c_str(), &before, AT_SYMLINK_NOFOLLOW) != 0) return no_file(errno, name);
  const bool fits = S_ISDIR(before.st_mode) || (last && S_ISREG(before.st_mode));
  if (!fits) return no_file(ENOENT, name);
  const int flags = last ? kRead : O_PATH | O_DIRECTORY | O_CLOEXEC;
  const int fd = ::openat(folder.get(), name.c_str(), flags | O_NOFOLLOW);
  if (fd < 0) return no_file(errno, name);
  return Fd(fd);
}

}  // namespace

Result<FileBeneath> open_beneath(const std::string& folder, std::string_view path, bool dotfiles) {
  FileBeneath found;
  found.fd = Fd(::open(folder.c_str(), O_PATH | O_CLOEXEC | O_DIRECTORY));
  if (!found.fd) return system_failure(ENOTCONN, "open", folder, std::strerror(errno));
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (!is_plain(name, dotfiles)) return no_file(ENOENT, name);
    const bool last = slash == std::string_view::npos;
    path = last ? std::string_view() : path.substr(slash + 1);
    if (!last && path.empty()) return no_file(ENOENT, name);
    auto next = open_in(found.fd, std::string(name), last);
    if (!next) return failure(next.error());
    found.fd = std::move(*next);
  }
  if (::fstat(found.fd.get(), &found.status) != 0) return no_file(errno, path);
  if (!S_ISREG(found.status.st_mode) && !S_ISDIR(found.status.st_mode)) return no_file(ENOENT, path);
  return found;
}

}  // namespace poe
