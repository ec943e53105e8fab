// SPDX-License-Identifier: MIT
//
// What who reads the fields of HTTP messages needs again and again. Any thread.
#pragma once

#include <algorithm>
#include <string_view>

namespace poe {

/// Whether two names, or tokens that compare as names do, are the same without regard to case (RFC 9110, 5.1). ASCII
/// alone has cases; locales do not matter.
inline bool same_name(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// Without the blanks and tabs around it (RFC 9110, 5.6.3).
inline std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace poe
