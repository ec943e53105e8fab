// SPDX-License-Identifier: MIT
#include "trusted_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

namespace poe::host_room {

namespace {

tl::unexpected<Refusal> untrusted(Distrust distrust) {
  return refused(Errc::untrusted, std::move(distrust.why), "check who may change it", std::move(distrust.advice));
}

tl::unexpected<Refusal> unreadable(int number, const std::string& tried) {
  return refused(Errc::no_loop, std::generic_category().message(number), tried,
                 "make the file readable for the user who runs this, or remove it");
}

Checked<Fd> open_folder(const std::string& path, const Believed& by, std::vector<std::string>& warnings) {
  Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat found {};
  if (!folder || fstat(folder.get(), &found) != 0) return unreadable(errno, "open the folder " + path);
  if (auto bad = distrust(found, "the folder " + path, path, by, warnings)) return untrusted(*bad);
  if (auto bad = distrust_above(path, by)) return untrusted(*bad);
  return folder;
}

/// A link is followed once, and only to a name in the same folder (libfoo.so -> libfoo.so.1).
Checked<Fd> open_in(const Fd& folder, const std::string& name, const std::string& link_advice) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;  // non-blocking: it might be a fifo
  Fd file(openat(folder.get(), name.c_str(), kFlags));
  if (file) return file;
  if (errno != ELOOP) return unreadable(errno, "open it");
  char target[PATH_MAX];
  const ssize_t size = readlinkat(folder.get(), name.c_str(), target, sizeof target - 1);
  const std::string to(target, size > 0 ? static_cast<std::size_t>(size) : 0);
  if (to.empty() || to.find('/') != std::string::npos)
    return refused(Errc::untrusted, "the file is a link out of its folder, to " + to, "open it without following links",
                   link_advice);
  file = Fd(openat(folder.get(), to.c_str(), kFlags));
  if (!file) return unreadable(errno, "open " + to + ", to which it links");
  return file;
}

}  // namespace

Checked<TrustedFile> open_trusted(const std::string& folder, const std::string& name, const Believed& by,
                                  std::vector<std::string>& warnings, const std::string& link_advice) {
  auto opened_folder = open_folder(folder, by, warnings);
  if (!opened_folder) return tl::unexpected(opened_folder.error());
  auto opened = open_in(*opened_folder, name, link_advice);
  if (!opened) return tl::unexpected(opened.error());
  TrustedFile file{std::move(*opened)};
  if (fstat(file.fd.get(), &file.identity) != 0) return unreadable(errno, "look at it");
  if (!S_ISREG(file.identity.st_mode))
    return refused(Errc::not_a_plugin, "it is no regular file", "look at it", "remove it from this folder");
  if (auto bad = distrust(file.identity, "the file", folder + "/" + name, by, warnings)) return untrusted(*bad);
  return file;
}

}  // namespace poe::host_room
