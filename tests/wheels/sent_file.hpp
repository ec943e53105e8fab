// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "poe/fd.hpp"

namespace poe::test {

/// A file of a system, the simulated one too, that a test may cut or take away.
class SentFile {
 public:
  SentFile(const poe_sys& sys, std::string_view text)
      : sys_(sys), path_(testing::TempDir() + "poe_sent_file_" + std::to_string(getpid())) {
    const Fd file = open(O_CREAT | O_TRUNC | O_WRONLY);
    while (!text.empty()) {
      const poe_iovec part{const_cast<char*>(text.data()), text.size()};
      const std::int64_t took = sys.writev(sys.ctx, file.get(), &part, 1);
      if (took <= 0) throw std::runtime_error("cannot write " + path_);
      text.remove_prefix(static_cast<std::size_t>(took));
    }
  }
  SentFile(const SentFile&) = delete;
  SentFile& operator=(const SentFile&) = delete;
  ~SentFile() { unlink(path_.c_str()); }

  Fd open(int flags = O_RDONLY) const { return Fd(sys_.open(sys_.ctx, path_.c_str(), flags, 0600), &sys_); }
  /// Empties it under whoever has it open.
  void cut() const { static_cast<void>(open(O_TRUNC | O_WRONLY)); }

 private:
  const poe_sys& sys_;
  std::string path_;
};

/// Octets that tell where in the file they are.
inline std::string numbered(std::size_t octets) {
  std::string text;
  while (text.size() < octets) text += std::to_string(text.size()) + " ";
  text.resize(octets);
  return text;
}

}  // namespace poe::test
