// SPDX-License-Identifier: MIT
//
// Where text ends up on the screen, by the rules libedit draws with (refresh.c: re_addc, re_putc): controls as ^X, what
// cannot be printed as \U+hex, a character that does not fit into a row whole in the next one, and behind a full row
// the cursor in the next one.
//
// Why: libedit knows where it drew, but has no call that wipes it away.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace poe {

class LineCells {
 public:
  explicit LineCells(std::size_t columns) noexcept : columns_(columns == 0 ? 80 : columns) {}

  void add(std::wstring_view text);
  /// As add(), without what stands between two \1.
  void add_prompt(std::wstring_view prompt);
  /// Rows above the place behind all that was added.
  std::size_t row() const noexcept { return row_; }

 private:
  void put(std::size_t width) noexcept;
  void next_row() noexcept;

  std::size_t columns_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

/// Whether the terminal that $TERM names can move its cursor; all that can take the sequences of ANSI X3.64.
bool terminal_moves() noexcept;

/// Without escapes: control characters as ^X, but for line ends and tabs if they are to be kept; UTF-8's C1 as ?.
std::string harmless(std::string_view text, bool keep_lines);

}  // namespace poe
