// SPDX-License-Identifier: MIT
#include "sealed_copy.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace poe::host_room {

namespace {

#ifdef MFD_EXEC
constexpr unsigned kExecutable = MFD_EXEC;
#else
constexpr unsigned kExecutable = 0x0010u;  // <linux/memfd.h> since Linux 6.3
#endif

/// With errno.
tl::unexpected<Refusal> failed(const std::string& tried, const std::string& advice) {
  return refused(Errc::untrusted,
                 "no sealed copy of it can be made, and only that can be held to the allow-list: " +
                     std::generic_category().message(errno),
                 tried, advice + ", or use no allow-list");
}

/// Before Linux 6.3 there is no such flag, and every memfd is executable.
Fd executable_memory(const std::string& name) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Fd memory(memfd_create(name.c_str(), kFlags | kExecutable));
  if (!memory && errno == EINVAL) memory = Fd(memfd_create(name.c_str(), kFlags));
  return memory;
}

bool write_all(int to, const std::uint8_t* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t count = write(to, bytes, size);
    if (count < 0 && errno != EINTR) return false;
    if (count < 0) continue;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

/// Calls `each(bytes, count)`, false of which ends it, for the file's parts in order; false with errno if it failed.
template <class Each>
bool for_each_part(int from, off_t& size, Each each) {
  std::array<std::uint8_t, 16384> part;
  for (size = 0;;) {
    const ssize_t count = pread(from, part.data(), part.size(), size);
    if (count == 0) return true;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 || !each(part.data(), static_cast<std::size_t>(count))) return false;
    size += count;
  }
}

/// False with errno.
bool hash_whole(int from, off_t& size, Digest& ret_digest) {
  Sha256 hash;
  const auto add = [&](const std::uint8_t* bytes, std::size_t count) { return hash.update({bytes, count}), true; };
  if (!for_each_part(from, size, add)) return false;
  ret_digest = hash.finish();
  return true;
}

}  // namespace

Checked<SealedCopy> sealed_copy(int from, const std::string& name) {
  SealedCopy copy{executable_memory(name)};
  if (!copy.fd)
    return failed("memfd_create", "allow memfd_create and executable memfds here (sysctl vm.memfd_noexec=0)");
  const auto append = [&](const std::uint8_t* bytes, std::size_t count) {
    return write_all(copy.fd.get(), bytes, count);
  };
  if (!for_each_part(from, copy.size, append))
    return failed("copy it to memory", "let the file be read to its end, and leave memory for it (see ulimit -a)");
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (fcntl(copy.fd.get(), F_ADD_SEALS, kSeals) != 0)
    return failed("seal the copy", "let fcntl(F_ADD_SEALS) through here");
  if (!hash_whole(copy.fd.get(), copy.size, copy.digest)) return failed("read the copy", "try again");
  return copy;
}

Checked<Digest> digest_of(int from) {
  Digest digest{};
  off_t size = 0;
  if (hash_whole(from, size, digest)) return digest;
  return refused(Errc::untrusted, "it cannot be held to the allow-list: " + std::generic_category().message(errno),
                 "read it to compute its SHA-256", "let the file be read to its end, or use no allow-list");
}

}  // namespace poe::host_room
