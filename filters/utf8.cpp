// SPDX-License-Identifier: MIT
#include "utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace poe {

namespace {

// How many octets the character at `at` has, or 0 if it is malformed (Unicode, table 3-7).
std::size_t character(std::string_view text, std::size_t at) noexcept {
  const auto octet = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (octet(i) & 0xC0U) == 0x80U; };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool bad = (first == 0xE0 && octet(1) < 0xA0) || (first == 0xED && octet(1) > 0x9F);
    return !bad && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool bad = (first == 0xF0 && octet(1) < 0x90) || (first == 0xF4 && octet(1) > 0x8F);
    return !bad && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  constexpr std::uint64_t kHigh = 0x8080808080808080ULL;
  for (std::size_t at = 0; at < text.size();) {
    std::uint64_t eight = 0;
    if (text.size() - at >= sizeof eight) {  // ASCII, eight at a time
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & kHigh) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const std::size_t size = character(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

}  // namespace poe
