// SPDX-License-Identifier: MIT
#include "line_cells.hpp"

#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <cwctype>

namespace poe {
namespace {

std::size_t width_of(wchar_t character) {
  if (std::iswcntrl(static_cast<std::wint_t>(character)) != 0 && character < 0x80) return 2;  // ^X
  if (std::iswprint(static_cast<std::wint_t>(character)) != 0) {
    const int width = ::wcwidth(character);
    return width < 0 ? 0 : static_cast<std::size_t>(width);
  }
  return character > 0xffff ? 8 : 7;  // \U+12345, \U+1234
}

}  // namespace

void LineCells::next_row() noexcept {
  ++row_;
  column_ = 0;
}

void LineCells::put(std::size_t width) noexcept {
  if (column_ + width > columns_) next_row();
  column_ += width;
  if (column_ >= columns_) next_row();
}

void LineCells::add(std::wstring_view text) {
  for (const wchar_t character : text) {
    if (character == L'\n') {
      next_row();
    } else if (character == L'\t') {
      do put(1);
      while (column_ % 8 != 0);
    } else {
      std::size_t cells = width_of(character);
      const bool drawn = std::iswprint(static_cast<std::wint_t>(character)) != 0;
      if (drawn) put(cells);
      for (; !drawn && cells > 0; --cells) put(1);
    }
  }
}

void LineCells::add_prompt(std::wstring_view prompt) {
  bool literal = false;
  for (const wchar_t character : prompt) {
    if (character == L'\1') {
      literal = !literal;
    } else if (!literal) {
      add({&character, 1});
    }
  }
}

bool terminal_moves() noexcept {
  const char* const kind = std::getenv("TERM");
  return kind != nullptr && *kind != '\0' && std::strcmp(kind, "dumb") != 0;
}

std::string harmless(std::string_view text, bool keep_lines) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (keep_lines && (octet == '\n' || octet == '\t')) {
      safe += text[i];
    } else if (octet < 0x20 || octet == 0x7f) {
      safe += '^';
      safe += static_cast<char>(octet ^ 0x40);
    } else if (octet == 0xc2 && next >= 0x80 && next < 0xa0) {
      safe += '?';
      ++i;
    } else {
      safe += text[i];
    }
  }
  return safe;
}

}  // namespace poe
