// SPDX-License-Identifier: MIT
//
// LineEndings finds the earliest line ending in a text that may be cut anywhere. Constant once made; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "poe/filters/line_pattern.hpp"

namespace poe {

class LineEndings {
 public:
  /// CR, LF, CR LF or LF CR. One at the very end of the text matches alone: its other half may still come.
  static LineEndings newline() { return LineEndings(Kind::newline, {}, 2); }
  /// `text` is not empty.
  static LineEndings literal(std::string text);
  /// `texts` is not empty and none of them is.
  static LineEndings one_of(std::vector<std::string> texts);
  /// `pattern` stays with its owner.
  static LineEndings matching(const LinePattern& pattern);

  /// Looks from `from` on. `at_end`: nothing follows the text.
  LineMatch find(std::string_view text, std::size_t from, bool at_end) const {
    if (kind_ != Kind::octet) return find_slowly(text, from, at_end);
    const std::size_t at = text.find(octet_, from);
    return at == std::string_view::npos ? LineMatch{text.size(), 0} : LineMatch{at, 1};
  }

  /// The first ending, if it is of one octet; null if there is none, or all are longer.
  const char* find_octet(std::string_view text) const noexcept {
    if (kind_ != Kind::octet || text.empty()) return nullptr;
    return static_cast<const char*>(std::memchr(text.data(), octet_, text.size()));
  }

  bool is_newline() const noexcept { return kind_ == Kind::newline; }
  /// Octets of the longest ending.
  std::size_t longest() const noexcept { return longest_; }

 private:
  enum class Kind : std::uint8_t { octet, literal, newline, one_of, pattern };
  LineEndings(Kind kind, std::vector<std::string> texts, std::size_t longest);
  LineMatch find_slowly(std::string_view text, std::size_t from, bool at_end) const;
  LineMatch find_literal(std::string_view text, std::size_t from, bool at_end) const;
  LineMatch find_one_of(std::string_view text, std::size_t from, bool at_end) const;

  Kind kind_;
  char octet_ = 0;
  std::size_t longest_;
  std::vector<std::string> texts_;  // longest first
  std::string first_octets_;
  const LinePattern* pattern_ = nullptr;
};

}  // namespace poe
