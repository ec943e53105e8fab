// SPDX-License-Identifier: MIT
//
// One open file that grows: where we are in it, and whether it is still what we have read.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/fd.hpp"

namespace poe {

/// What tells two files apart, and what kind it is.
struct FileFacts {
  dev_t device = 0;
  ino_t inode = 0;
  std::uint64_t size = 0;
  enum class Kind : std::uint8_t { regular, fifo, folder, other } kind = Kind::other;
  bool same_file(const FileFacts& other) const noexcept {
    return device == other.device && inode == other.inode && kind == other.kind;
  }
};

/// Errors: the system's, operation "stat".
Result<FileFacts> facts_of(const std::string& path);
Result<FileFacts> facts_of(const Fd& file);

class FollowedFile {
 public:
  static constexpr std::size_t kKnown = 64;  // octets

  FollowedFile(Fd file, const FileFacts& facts) : file_(std::move(file)), facts_(facts) {}

  enum class Look : std::uint8_t { grown, at_end, rewritten };
  struct Found {
    Look look;
    std::string_view bytes{};  // of the buffer given; what follows the place we were at
  };
  /// Reads on. The first octets read are some that were read before: so a file that was truncated and written anew is
  /// known even if it is larger by now (P146). Errors: the system's, operation "read".
  /// At most `most` octets, and no more than the buffer has room for besides kKnown others.
  Result<Found> read(std::span<char> buffer, std::size_t most);
  /// Goes there, without more questions.
  void seek(std::uint64_t offset);
  /// Whether there is anything in it at all.
  bool has_data() const;

  const Fd& fd() const noexcept { return file_; }
  const FileFacts& facts() const noexcept { return facts_; }
  std::uint64_t offset() const noexcept { return offset_; }
  int notice = -1;  // see FileNotice::add()

 private:
  std::int64_t pread(char* into, std::size_t size, std::uint64_t from) const;

  Fd file_;
  FileFacts facts_;
  std::uint64_t offset_ = 0;
  std::string known_;  // the octets before offset_
};

}  // namespace poe
