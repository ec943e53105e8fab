// SPDX-License-Identifier: MIT
//
// ReadLine when Tab is pressed: the program says which words there are.
#include <algorithm>
#include <utility>

#include "completion.hpp"
#include "line_cells.hpp"
#include "read_line_state.hpp"

namespace poe {
namespace {

constexpr std::size_t kMostListed = 200;

}  // namespace

void ReadLine::State::complete() {
  const std::wstring before(editor_->before_cursor());
  std::wstring breaks;
  {
    const LocaleScope scope(locale_);
    breaks = to_wide(options_.word_breaks);
  }
  const std::wstring word = before.substr(word_start(before, breaks));
  const std::uint64_t turn = turn_;
  const auto still_there = [&] { return at_work() && turn_ == turn && editor_ && editor_->editing(); };
  std::vector<std::string> words;
  try {
    words = ask_for_words(before, word);
  } catch (...) {
    if (still_there()) after_step(editor_->completed());
    throw;
  }
  if (!still_there()) return;
  use_words(words, word);
  after_step(editor_->completed());
}

// The program's own code: it may do anything, but keys wait until it is back.
std::vector<std::string> ReadLine::State::ask_for_words(std::wstring_view before, std::wstring_view word) {
  const auto callback = complete_;  // which it may replace
  if (!callback) return {};
  struct Level {
    bool& flag;
    ~Level() { flag = false; }
  };
  std::string line, start, typed;
  {
    const LocaleScope scope(locale_);
    line = to_narrow(editor_->text());
    start = to_narrow(before);
    typed = to_narrow(word);
  }
  completing_ = true;
  const Level level{completing_};
  return (*callback)(LineCompletion{typed, line, start.size()});
}

void ReadLine::State::use_words(const std::vector<std::string>& words, std::wstring_view word) {
  if (words.empty()) return editor_->beep();
  std::vector<std::wstring> wide;
  std::vector<std::string> shown;
  const LocaleScope scope(locale_);
  for (const std::string& one : words) {
    wide.push_back(to_wide(one));
    shown.push_back(harmless(one, false));
  }
  std::wstring common = common_prefix(wide);
  if (words.size() == 1 && !common.empty() && common.back() != L'/' && common.back() != L'=') common += L' ';
  if (words.size() == 1 || common.size() > word.size()) return editor_->replace(word.size(), common);
  editor_->leave(columns(), "");
  write(in_columns(shown, columns(), kMostListed));
  editor_->draw();
}

}  // namespace poe
