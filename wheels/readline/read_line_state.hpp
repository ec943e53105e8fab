// SPDX-License-Identifier: MIT
//
// The pinned part of a ReadLine. The handle points here and may move; whatever calls back keeps this alive until it
// returns.
#pragma once

#include <unistd.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../replaceable.hpp"
#include "../terminal/terminal_guard.hpp"
#include "hidden_line.hpp"
#include "line_editor.hpp"
#include "line_history.hpp"
#include "locale_scope.hpp"
#include "poe/wheels/read_line.hpp"
#include "wide_text.hpp"

namespace poe {

class ReadLine::State : public std::enable_shared_from_this<State> {
 public:
  State(Self& self, ReadLineOptions options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void close();
  Self& self() const noexcept { return self_; }
  enum class AtClose : std::uint8_t { silent, tell };
  /// `done` is called once, later. AtClose::tell: also by close(), with `closed`.
  void ask(LinePrompt prompt, Fn<void(Answer)> done, AtClose at_close);
  void cancel();
  /// Gives the line up without a word.
  void forget();
  bool is_closed() const noexcept { return closed_; }
  bool asking() const noexcept { return asking_; }
  bool is_terminal() const noexcept { return static_cast<bool>(guard_); }
  const std::optional<Error>& open_error() const noexcept { return fault_; }

  void put(std::string_view lines, bool safe);
  void clear_screen();
  LineHistory& history() noexcept { return history_; }
  Result<void> command(const std::vector<std::string>& words);
  WindowSize size() const noexcept;
  void resized();
  void set_complete(Fn<std::vector<std::string>(const LineCompletion&)> callback);

  Replaceable<Answer> on_line;

 private:
  using Complete = Fn<std::vector<std::string>(const LineCompletion&)>;

  // ---- asking, read_line_state.cpp
  void begin();
  void watch_input();
  void on_input();
  void read_some();
  void work();
  void work_lines();
  void work_keys();
  void finish(Answer answer);
  void end_line();
  std::string subject() const;
  /// Of the process that made it: the terminal is the other one's.
  bool is_fork() const noexcept { return ::getpid() != process_; }
  bool is_heard() const noexcept { return !closed_ && !self_.stop_requested(); }
  bool at_work() const noexcept { return begun_ && is_heard(); }

  // ---- the terminal, read_line_terminal.cpp
  void begin_on_terminal();
  void make_raw() noexcept;
  void make_editor();
  void write(std::string_view octets);
  std::optional<wchar_t> next_key();
  void feed(wchar_t key);
  void after_step(LineEditor::Step step);
  void after_hidden(HiddenLine::Step step);
  void leave_line(std::string_view mark);
  void interrupt();
  void stop_program();
  void went_on();
  bool is_edited() const noexcept { return begun_ && editor_ && editor_->editing(); }
  std::size_t columns() const noexcept { return size().columns; }

  // ---- Tab, read_line_completion.cpp
  void complete();
  std::vector<std::string> ask_for_words(std::wstring_view before, std::wstring_view word);
  void use_words(const std::vector<std::string>& words, std::wstring_view word);

  Self& self_;
  const int process_;  // see is_fork()
  ReadLineOptions options_;
  TerminalLocale locale_;
  LineHistory history_;
  TerminalGuard guard_;  // empty: plain lines
  std::optional<Error> fault_;
  std::unique_ptr<LineEditor> editor_;
  std::unique_ptr<HiddenLine> hidden_;  // while such a line is read
  std::shared_ptr<Complete> complete_;
  KeyQueue keys_;
  LinePrompt prompt_{""};
  Fn<void(Answer)> done_;
  AtClose at_close_ = AtClose::silent;
  Watch watch_;
  SignalWatch resize_watch_;
  SignalWatch continue_watch_;
  std::uint64_t turn_ = 0;    // which ask it is
  bool asking_ = false;       // until done_ is called
  bool begun_ = false;        // keys are taken
  bool first_read_ = false;   // nothing has been read since
  bool completing_ = false;   // complete_ runs: the editor stands where Tab left it
  bool input_ended_ = false;  // by its other side; keys_ may have something still
  bool skipping_ = false;     // in the rest of a line that was too long
  bool closed_ = false;
};

}  // namespace poe
