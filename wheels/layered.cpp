// SPDX-License-Identifier: MIT
#include "layered.hpp"

#include <algorithm>
#include <cerrno>

#include "file_piece.hpp"
#include "poe/filters/input_buffer.hpp"

namespace poe {

void Layered::put_file(Fd file, std::uint64_t from, std::uint64_t size) {
  if (size == 0) return;
  files.push_back(FileAhead{std::move(file), from, size});
  file_octets += size;
}

Result<void> Layered::refill() {
  while (encoded == plain.size() && !files.empty()) {
    let_go(plain);
    encoded = 0;
    FileAhead& first = files.front();
    if (first.left > 0) return read_piece(first);
    plain = std::move(first.behind);
    behind_octets -= plain.size();
    files.pop_front();
  }
  return {};
}

Result<void> Layered::read_piece(FileAhead& file) {
  constexpr std::uint64_t kRead = std::uint64_t{64} << 10;  // octets
  plain.resize(static_cast<std::size_t>(std::min(kRead, file.left)));
  const auto got = read_file_piece(file.fd, file.at, file.left, plain);
  plain.resize(got.value_or(0));
  if (!got) return failure(got.error());
  file.at += *got;
  file.left -= *got;
  file_octets -= *got;
  if (file.left == 0) file.fd.reset();
  return {};
}

}  // namespace poe
