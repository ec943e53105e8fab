// SPDX-License-Identifier: MIT
//
// HiddenLine: a line nobody sees, a password, typed into a terminal that neither echoes nor edits. Keys: backspace
// takes a character away, ^W and ^U all of it, Enter ends it, ^D at its start is the end of the input. No history, no
// completion; the text is wiped when it goes.
//
// Why: libedit shows what it edits, and keeps what was killed for a later yank.
#pragma once

#include <cstdint>
#include <string>

namespace poe {

class HiddenLine {
 public:
  enum class Step : std::uint8_t { more, line, end, cancelled };

  HiddenLine() = default;
  HiddenLine(const HiddenLine&) = delete;
  HiddenLine& operator=(const HiddenLine&) = delete;
  ~HiddenLine() { wipe(); }

  Step feed(wchar_t key);
  const std::wstring& text() const noexcept { return text_; }
  void wipe() noexcept {
    volatile wchar_t* at = text_.data();  // volatile: so that it is really done
    for (std::size_t i = 0; i < text_.capacity(); ++i) at[i] = 0;
    text_.clear();
  }

 private:
  std::wstring text_{};
};

inline HiddenLine::Step HiddenLine::feed(wchar_t key) {
  constexpr std::size_t kMost = 4096;  // characters, as a terminal's own line
  switch (key) {
    case L'\r':
    case L'\n':
      return Step::line;
    case 0x04:
      return text_.empty() ? Step::end : Step::more;  // ^D
    case 0x07:
      return Step::cancelled;  // ^G
    case 0x08:
    case 0x7f:
      if (!text_.empty()) text_.pop_back();
      return Step::more;
    case 0x15:
    case 0x17:
      wipe();
      return Step::more;  // ^U, ^W
    default:
      break;
  }
  if (text_.capacity() <= kMost) text_.reserve(kMost + 1);  // never moved: a move would leave a copy behind
  if (key >= 0x20 && text_.size() < kMost) text_.push_back(key);
  return Step::more;
}

}  // namespace poe
