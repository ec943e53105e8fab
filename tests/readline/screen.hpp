// SPDX-License-Identifier: MIT
//
// Screen: what a person would see of what was written to a terminal of TERM=xterm. The sequences that line editors
// use, wide characters, wrapping at the right edge, scrolling; others are a failed test.
//
// Why: the emulators Debian has are programs (tmux, xterm) or Python; in the process one can look after each step, on
// every loop.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cwchar>
#include <string>
#include <string_view>
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
    row[column_] = character;
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
    if (escape_ == "\033[") return;
    if (escape_[1] == '[' && (octet < '@' || octet > '~')) return;
    obey(std::exchange(escape_, ""));
  }
  void obey(const std::string& sequence) {
    const int number = sequence.size() > 3 ? std::atoi(sequence.c_str() + 2) : 0;
    const auto count = static_cast<std::size_t>(std::max(number, 1));
    pending_ = false;
    switch (sequence[1] == '[' ? sequence.back() : '?') {
      case 'A':
        row_ -= std::min(row_, count);
        return;
      case 'B':
        row_ = std::min(rows_ - 1, row_ + count);
        return;
      case 'C':
        column_ = std::min(columns_ - 1, column_ + count);
        return;
      case 'D':
        column_ -= std::min(column_, count);
        return;
      case 'G':
        column_ = count - 1;
        return;
      case 'H':
        row_ = column_ = 0;
        return;
      case 'J':
        return erase_below(number);
      case 'K':
        widened(column_).resize(column_);
        return;
      case 'P':
        return erase(count);
      case '@': {
        Row& row = widened(column_);
        row.insert(row.begin() + static_cast<std::ptrdiff_t>(column_), count, " ");
        if (row.size() > columns_) row.resize(columns_);
        return;
      }
      case 'h':
      case 'l':
      case 'm':
        return;
      default:
        ADD_FAILURE() << "a sequence this terminal does not know: ESC" << sequence.substr(1);
    }
  }
  void erase(std::size_t count) {
    Row& row = widened(column_);
    const auto from = row.begin() + static_cast<std::ptrdiff_t>(column_);
    row.erase(from, from + static_cast<std::ptrdiff_t>(std::min(count, row.size() - column_)));
  }
  void erase_below(int which) {
    if (which == 2) cells_.assign(rows_, {});
    widened(column_).resize(column_);
    for (std::size_t i = row_ + 1; i < rows_; ++i) cells_[i].clear();
  }

  std::size_t rows_, columns_;
  std::vector<Row> cells_;
  std::size_t row_ = 0, column_ = 0;
  bool pending_ = false;  // behind the last column: the next character wraps
  std::string escape_, character_;
};

}  // namespace poe::test
