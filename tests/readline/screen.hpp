// SPDX-License-Identifier: MIT
//
// Screen: what a person would see of what was written to a terminal of TERM=xterm. The sequences that line editors
// and ncurses use, wide characters, wrapping at the right edge, scrolling; others are a failed test.
//
// Why: the emulators Debian has are programs (tmux, xterm) or Python; in the process one can look after each step, on
// every loop.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cwchar>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace poe::test {

class Screen {
 public:
  Screen(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns), cells_(rows) {}

  void write(std::string_view octets) {
    for (const char octet : octets) take(static_cast<unsigned char>(octet));
  }
  /// Rows without the blanks at their ends, and without the empty ones at the bottom.
  std::vector<std::string> rows() const {
    std::vector<std::string> seen;
    for (const auto& row : cells_) {
      std::string text;
      for (const std::string& cell : row) text += cell;
      text.erase(text.find_last_not_of(' ') + 1);
      seen.push_back(text);
    }
    while (!seen.empty() && seen.back().empty()) seen.pop_back();
    return seen;
  }
  std::string last() const {
    const auto seen = rows();
    return seen.empty() ? "" : seen.back();
  }
  std::size_t row() const { return row_; }
  std::size_t column() const { return column_; }
  int bells = 0;

 private:
  using Row = std::vector<std::string>;

  void take(unsigned char octet) {
    if (!escape_.empty()) return take_escape(static_cast<char>(octet));
    if (octet >= 0x80) return take_part(static_cast<char>(octet), octet >= 0xc0);
    switch (octet) {
      case '\033':
        escape_ = "\033";
        return;
      case '\r':
        column_ = 0, pending_ = false;
        return;
      case '\n':
        down();
        return;
      case '\b':
        column_ -= column_ > 0 ? 1 : 0, pending_ = false;
        return;
      case '\t':
        column_ = std::min(columns_ - 1, (column_ / 8 + 1) * 8);
        return;
      case '\a':
        ++bells;
        return;
      default:
        break;
    }
    EXPECT_GE(octet, 0x20) << "a control character reached the terminal";
    put(std::string(1, static_cast<char>(octet)), 1);
  }
  void take_part(char octet, bool first) {
    character_ = first ? std::string(1, octet) : character_ + octet;
    const auto lead = static_cast<unsigned char>(character_[0]);
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    // Wide: what the tests use of it, CJK.
    if (character_.size() == size) put(character_, lead >= 0xe3 ? 2 : 1);
  }
  void put(const std::string& character, std::size_t width) {
    if (pending_ || column_ + width > columns_) {
      column_ = 0;
      down();
    }
    pending_ = false;
    Row& row = widened(column_ + width);
    row[column_] = last_put_ = character;
    if (width == 2) row[column_ + 1] = "";
    column_ += width;
    if (column_ == columns_) {
      --column_;
      pending_ = true;
    }
  }
  Row& widened(std::size_t size) {
    Row& row = cells_[row_];
    if (row.size() < size) row.resize(size, " ");
    return row;
  }
  void down() {
    pending_ = false;
    if (++row_ < rows_) return;
    row_ = rows_ - 1;
    cells_.erase(cells_.begin());
    cells_.emplace_back();
  }
  void take_escape(char octet) {
    escape_ += octet;
    if (escape_ == "\033[" || escape_ == "\033(") return;
    if (escape_[1] == '[' && (octet < '@' || octet > '~')) return;
    obey(std::exchange(escape_, ""));
  }
  void obey(const std::string& sequence) {
    pending_ = pending_ && sequence.back() == 'm';
    if (sequence[1] == '(' || sequence == "\033=" || sequence == "\033>" || sequence == "\0337") return;
    if (sequence[1] != '[') return unknown(sequence);
    std::size_t end = 2;
    const std::size_t first = read_number(sequence, end);
    const std::size_t second = sequence[end] == ';' ? read_number(sequence, ++end) : 0;
    if (!obey_motion(sequence.back(), std::max<std::size_t>(first, 1), std::max<std::size_t>(second, 1)) &&
        !obey_change(sequence.back(), first)) {
      unknown(sequence);
    }
  }
  static void unknown(const std::string& sequence) {
    ADD_FAILURE() << "a sequence this terminal does not know: ESC" << sequence.substr(1);
  }
  static std::size_t read_number(const std::string& sequence, std::size_t& at) {
    std::size_t number = 0;
    for (; sequence[at] >= '0' && sequence[at] <= '9'; ++at) {
      number = number * 10 + static_cast<std::size_t>(sequence[at] - '0');
    }
    return number;
  }
  bool obey_motion(char what, std::size_t count, std::size_t second) {
    switch (what) {
      case 'A':
        row_ -= std::min(row_, count);
        return true;
      case 'B':
        row_ = std::min(rows_ - 1, row_ + count);
        return true;
      case 'C':
        column_ = std::min(columns_ - 1, column_ + count);
        return true;
      case 'D':
        column_ -= std::min(column_, count);
        return true;
      case 'G':
        column_ = std::min(columns_, count) - 1;
        return true;
      case 'd':
        row_ = std::min(rows_, count) - 1;
        return true;
      case 'H':
        row_ = std::min(rows_, count) - 1;
        column_ = std::min(columns_, second) - 1;
        return true;
      default:
        return false;
    }
  }
  bool obey_change(char what, std::size_t number) {
    const std::size_t count = std::max<std::size_t>(number, 1);
    switch (what) {
      case 'J':
        erase_below(number);
        return true;
      case 'K':
        number == 1 ? blank(0, column_ + 1) : static_cast<void>(widened(column_).resize(column_));
        return true;
      case 'P':
        erase(count);
        return true;
      case 'X':
        blank(column_, count);
        return true;
      case 'b':
        for (std::size_t i = 0; i < count; ++i) put(last_put_, 1);
        return true;
      case '@': {
        Row& row = widened(column_);
        row.insert(row.begin() + static_cast<std::ptrdiff_t>(column_), count, " ");
        if (row.size() > columns_) row.resize(columns_);
        return true;
      }
      case 'h':
      case 'l':
      case 'm':
      case 'r':
      case 't':
        return true;
      default:
        return false;
    }
  }
  void blank(std::size_t from, std::size_t count) {
    Row& row = widened(std::min(columns_, from + count));
    for (std::size_t i = from; i < row.size() && i < from + count; ++i) row[i] = " ";
  }
  void erase(std::size_t count) {
    Row& row = widened(column_);
    const auto from = row.begin() + static_cast<std::ptrdiff_t>(column_);
    row.erase(from, from + static_cast<std::ptrdiff_t>(std::min(count, row.size() - column_)));
  }
  void erase_below(std::size_t which) {
    if (which == 2) cells_.assign(rows_, {});
    widened(column_).resize(column_);
    for (std::size_t i = row_ + 1; i < rows_; ++i) cells_[i].clear();
  }

  std::size_t rows_, columns_;
  std::vector<Row> cells_;
  std::size_t row_ = 0, column_ = 0;
  bool pending_ = false;  // behind the last column: the next character wraps
  std::string escape_, character_, last_put_ = " ";
};

}  // namespace poe::test
