// SPDX-License-Identifier: MIT
//
// What who reads or writes the fields of HTTP messages needs again and again. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
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

/// A set of octets: ASCII's letters and digits, and some more.
class HttpOctets {
 public:
  explicit constexpr HttpOctets(std::string_view more) noexcept {
    for (const std::string_view some : {std::string_view("0123456789abcdefghijklmnopqrstuvwxyz"),
                                        std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), more}) {
      for (const char c : some) has_[static_cast<unsigned char>(c)] = true;
    }
  }
  constexpr bool has_all(std::string_view text) const noexcept {
    return std::all_of(text.begin(), text.end(), [this](char c) { return has_[static_cast<unsigned char>(c)]; });
  }

 private:
  std::array<bool, 256> has_{};
};

/// Whether it may be a method, or the name of a field (RFC 9110, 5.6.2).
inline bool is_token(std::string_view text) noexcept {
  static constexpr HttpOctets kToken("!#$%&'*+-.^_`|~");
  return !text.empty() && kToken.has_all(text);
}

/// Whether it may be the value of a field: no control characters but tabs (RFC 9110, 5.5). A line end in it would begin
/// a field of its own.
inline bool is_field_value(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t') || octet == 0x7F;
  });
}

}  // namespace poe
