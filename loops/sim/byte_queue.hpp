// SPDX-License-Identifier: MIT
// Bytes in, the same bytes out, in order. Memory shrinks back to nothing whenever it runs empty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "parts.hpp"

namespace poe::sim {

class ByteQueue {
 public:
  size_t size() const { return bytes_.size() - head_; }
  bool empty() const { return size() == 0; }

  void append(std::string_view bytes) { bytes_.append(bytes); }

  /// Copies up to `limit` bytes out and, unless `peek`, drops them. Returns how many.
  size_t take(const Parts& into, size_t limit, bool peek = false) {
    const size_t count = std::min(limit, size());
    into.scatter(bytes_.data() + head_, count);
    if (!peek) drop(count);
    return count;
  }

  void clear() { drop(size()); }

 private:
  void drop(size_t count) {
    head_ += count;
    if (head_ == bytes_.size()) {
      bytes_ = std::string();
      head_ = 0;
    } else if (head_ > bytes_.size() / 2) {
      bytes_.erase(0, head_);
      head_ = 0;
    }
  }

  std::string bytes_;
  size_t head_ = 0;
};

}  // namespace poe::sim
