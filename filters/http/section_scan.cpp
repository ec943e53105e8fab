// SPDX-License-Identifier: MIT
#include "section_scan.hpp"

namespace poe {

SectionScan::State SectionScan::bad(const char* why) noexcept {
  why_ = why;
  return State::bad;
}

SectionScan::State SectionScan::look(std::string_view text, std::size_t most, bool fields_only) {
  for (;;) {
    const std::size_t end = text.find('\n', seen_);
    if (end == std::string_view::npos || end >= most) {
      seen_ = text.size();
      return text.size() > most || end != std::string_view::npos ? State::too_large : State::incomplete;
    }
    std::string_view line = text.substr(line_, end - line_);
    if (line.empty() || line.back() != '\r') return bad("a line ends in a bare LF");
    line.remove_suffix(1);
    if (line.find('\r') != std::string_view::npos) return bad("there is a bare CR in it");
    if (line.find('\0') != std::string_view::npos) return bad("there is a NUL in it");
    line_ = seen_ = end + 1;
    if (line.empty()) return State::complete;
    if (line.front() == ' ' || line.front() == '\t') {
      return bad(lines_ == 0 && !fields_only ? "it begins with white space" : "a field is folded over two lines");
    }
    ++lines_;
  }
}

}  // namespace poe
