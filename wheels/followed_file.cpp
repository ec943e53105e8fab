// SPDX-License-Identifier: MIT
#include "followed_file.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace poe {
namespace {

FileFacts facts_in(const struct stat& status) {
  FileFacts facts{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size)};
  using Kind = FileFacts::Kind;
  facts.kind = S_ISREG(status.st_mode)    ? Kind::regular
               : S_ISFIFO(status.st_mode) ? Kind::fifo
               : S_ISDIR(status.st_mode)  ? Kind::folder
                                          : Kind::other;
  return facts;
}

}  // namespace

Result<FileFacts> facts_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_failure(errno, "stat", "\"" + path + "\"");
  return facts_in(status);
}

Result<FileFacts> facts_of(const Fd& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return system_failure(errno, "stat", "descriptor " + std::to_string(file.get()));
  }
  return facts_in(status);
}

std::int64_t FollowedFile::pread(char* into, std::size_t size, std::uint64_t from) const {
  const poe_sys& sys = file_.system();
  for (;;) {
    const std::int64_t got = sys.pread(sys.ctx, file_.get(), into, size, static_cast<std::int64_t>(from));
    if (got != -EINTR) return got;
  }
}

Result<FollowedFile::Found> FollowedFile::read(std::span<char> buffer, std::size_t most) {
  const std::size_t known = known_.size();
  const std::size_t size = std::min(buffer.size(), known + most);
  const std::int64_t got = pread(buffer.data(), size, offset_ - known);
  if (got < 0) return system_failure(static_cast<int>(-got), "read", "descriptor " + std::to_string(file_.get()));
  const std::string_view all(buffer.data(), static_cast<std::size_t>(got));
  if (!all.starts_with(known_)) return Found{Look::rewritten};
  const std::string_view fresh = all.substr(known);
  offset_ += fresh.size();
  if (!fresh.empty()) known_ = all.substr(all.size() - std::min(all.size(), kKnown));
  return Found{fresh.empty() ? Look::at_end : Look::grown, fresh};
}

void FollowedFile::seek(std::uint64_t offset) {
  const std::size_t before = std::min<std::uint64_t>(offset, kKnown);
  known_.resize(before);
  const std::int64_t got = pread(known_.data(), before, offset - before);
  if (got != static_cast<std::int64_t>(before)) known_.clear();
  offset_ = offset;
}

bool FollowedFile::has_data() const {
  char byte = 0;
  return pread(&byte, 1, 0) > 0;
}

}  // namespace poe
