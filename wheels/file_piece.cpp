// SPDX-License-Identifier: MIT
#include "file_piece.hpp"

#include <cerrno>
#include <string>

namespace poe {

tl::unexpected<Error> file_too_short(std::uint64_t left) {
  return failure(Errc::invalid_argument, "write", "a file that is being sent",
                 "it has become shorter meanwhile: " + std::to_string(left) + " octets are missing",
                 "put a new file in its place instead of cutting it");
}

Result<std::size_t> read_file_piece(const Fd& file, std::uint64_t at, std::uint64_t left, std::span<char> into) {
  const poe_sys& sys = file.system();
  std::int64_t got = 0;
  do {
    got = sys.pread(sys.ctx, file.get(), into.data(), into.size(), static_cast<std::int64_t>(at));
  } while (got == -EINTR);
  if (got < 0) return system_failure(static_cast<int>(-got), "write", "a file that is being sent");
  if (got == 0) return file_too_short(left);
  return static_cast<std::size_t>(got);
}

}  // namespace poe
