// SPDX-License-Identifier: MIT
//
// LineHistory: the lines that were entered, here and in libedit, and as a file: a line each, the oldest first, as
// GNU readline and bash write it.
#pragma once

#include <histedit.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "locale_scope.hpp"
#include "poe/error.hpp"

namespace poe {

class LineHistory {
 public:
  LineHistory(const TerminalLocale& locale, std::size_t limit);

  /// Not an empty line, nor one that is the last one already. Line ends in it become spaces.
  void add(std::string_view line);
  void clear();
  void set_limit(std::size_t limit);
  const std::deque<std::string>& lines() const noexcept { return lines_; }
  /// Adds the lines of a file; a missing one has none. NULs and lines of more than 64 KiB are left out.
  Result<void> load(const std::string& path);
  /// In place of that file, whole or not at all; only its owner may read it.
  Result<void> save(const std::string& path) const;
  /// For el_wset(EL_HIST).
  HistoryW* handle() const noexcept { return history_.get(); }

 private:
  struct End {
    void operator()(HistoryW* history) const noexcept { ::history_wend(history); }
  };
  const TerminalLocale& locale_;
  std::unique_ptr<HistoryW, End> history_;
  std::deque<std::string> lines_;
  std::size_t limit_;
};

}  // namespace poe
