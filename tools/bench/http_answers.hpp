// SPDX-License-Identifier: MIT
//
// Counts HTTP answers in a stream, however it is cut: heads end in an empty line, bodies have a Content-Length.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace poe::bench {

class HttpAnswers {
 public:
  /// @return  answers that ended in `bytes`
  std::uint64_t take(std::string_view bytes) {
    std::uint64_t answers = 0;
    while (!bytes.empty()) {
      if (in_head_) {
        bytes = take_head(bytes);
      } else {
        const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
        left_ -= size;
        bytes.remove_prefix(size);
      }
      if (in_head_ || left_ != 0) continue;
      ++answers;
      in_head_ = true;
    }
    return answers;
  }
  /// Octets of the body in hand that are to come.
  std::uint64_t body_left() const noexcept { return left_; }

 private:
  std::string_view take_head(std::string_view bytes) {
    constexpr std::string_view kEnd = "\r\n\r\n";
    if (head_.empty()) {  // usually it is there as a whole
      const std::size_t end = bytes.find(kEnd);
      if (end != std::string_view::npos) return begin_body(bytes.substr(0, end)), bytes.substr(end + kEnd.size());
    }
    const std::size_t before = head_.size();
    head_.append(bytes);
    const std::size_t end = head_.find(kEnd, before < 3 ? 0 : before - 3);
    if (end == std::string::npos) return {};
    begin_body(std::string_view(head_).substr(0, end));
    head_.clear();
    return bytes.substr(end + kEnd.size() - before);
  }
  void begin_body(std::string_view head) {
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    if (!head.starts_with("HTTP/1.1 200 ")) throw std::runtime_error("answered: " + std::string(head.substr(0, 40)));
    const std::size_t at = head.find(kLength);
    if (at == std::string_view::npos) throw std::runtime_error("an answer without Content-Length");
    std::from_chars(head.data() + at + kLength.size(), head.data() + head.size(), left_);
    in_head_ = false;
  }

  std::string head_;
  std::uint64_t left_ = 0;
  bool in_head_ = true;
};

}  // namespace poe::bench
