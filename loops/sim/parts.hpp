// SPDX-License-Identifier: MIT
// The pieces of a vectored read or write, seen as one run of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "poe/sys_abi.h"

namespace poe::sim {

class Parts {
 public:
  Parts(const poe_iovec* parts, uint64_t count) : parts_(parts), count_(count) {}

  /// Bytes of all pieces together.
  size_t size() const {
    size_t sum = 0;
    for (uint64_t i = 0; i < count_; ++i) sum += static_cast<size_t>(parts_[i].size);
    return sum;
  }

  /// Copies the first `size` bytes of the pieces to `to`.
  void gather(char* to, size_t size) const {
    walk(size, [&](char* piece, size_t done, size_t length) { std::memcpy(to + done, piece, length); });
  }

  /// Copies `size` bytes from `from` into the pieces, filling them in order.
  void scatter(const char* from, size_t size) const {
    walk(size, [&](char* piece, size_t done, size_t length) { std::memcpy(piece, from + done, length); });
  }

 private:
  template <class Visit>
  void walk(size_t size, Visit visit) const {
    size_t done = 0;
    for (uint64_t i = 0; i < count_ && done < size; ++i) {
      const size_t piece = static_cast<size_t>(parts_[i].size);
      const size_t length = piece < size - done ? piece : size - done;
      if (length > 0) visit(static_cast<char*>(parts_[i].base), done, length);
      done += length;
    }
  }

  const poe_iovec* parts_;
  uint64_t count_;
};

}  // namespace poe::sim
