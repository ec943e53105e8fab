// SPDX-License-Identifier: MIT
//
// Lines out of a stream as an expert scans them: memchr over what was read, a view for each line, and the answers of
// one read in one piece. Only a line that was cut is kept.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

namespace poe::bench {

class LineScan {
 public:
  /// Calls line(view) for each line in what came before and `bytes`, without its newline.
  template <class F>
  void take(std::string_view bytes, F&& line) {
    if (!rest_.empty()) {
      const std::size_t end = bytes.find('\n');
      rest_.append(bytes.substr(0, end));
      if (end == std::string_view::npos) return;
      line(std::string_view(rest_));
      rest_.clear();
      bytes.remove_prefix(end + 1);
    }
    const char* at = bytes.data();
    const char* const last = at + bytes.size();
    while (at != last) {
      const void* const newline = std::memchr(at, '\n', static_cast<std::size_t>(last - at));
      if (newline == nullptr) break;
      const char* const end = static_cast<const char*>(newline);
      line(std::string_view(at, static_cast<std::size_t>(end - at)));
      at = end + 1;
    }
    rest_.assign(at, static_cast<std::size_t>(last - at));
  }

 private:
  std::string rest_;
};

/// Sends each line back.
class LineEcho {
 public:
  /// Appends to `answers`.
  void take(std::string_view bytes, std::string& answers) {
    scan_.take(bytes, [&](std::string_view line) {
      answers.append(line);
      answers.push_back('\n');
    });
  }

 private:
  LineScan scan_;
};

}  // namespace poe::bench
