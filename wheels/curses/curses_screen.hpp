// SPDX-License-Identifier: MIT
//
// CursesScreen: ncurses, as far as the wheel needs it. Its macros (clear, timeout, ...) stay in one .cpp.
#pragma once

#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "../terminal/terminal_file.hpp"
#include "../terminal/terminal_guard.hpp"
#include "poe/wheels/curses.hpp"

namespace poe {

class CursesScreen {
 public:
  /// Opens it. Errors: as Curses::open_error().
  static Result<std::unique_ptr<CursesScreen>> open(const CursesOptions& options);
  CursesScreen(const CursesScreen&) = delete;
  CursesScreen& operator=(const CursesScreen&) = delete;
  /// Closes it, unless this process is a fork of the one that opened it.
  ~CursesScreen();

  /// See TerminalGuard::arm_endings().
  void guard_endings() noexcept;

  /// A key, if there is one. May wait for escape_delay.
  std::optional<Key> next();
  void put(int row, int column, std::string_view text, Look look);
  void clear();
  void refresh();
  WindowSize size() const noexcept;
  /// Fits it to the terminal's present size; if that is another one, a key tells of it.
  void fit();
  void leave();
  /// As leave() had never been; also after others have drawn on it, or changed the terminal's settings.
  void resume();
  bool has_left() const noexcept { return left_; }

 private:
  CursesScreen() = default;
  Result<void> begin(const CursesOptions& options);
  void set_up(const CursesOptions& options);
  bool is_fork() const noexcept;
  void take_mouse();
  Key key_of(unsigned code, bool is_function) const;

  TerminalGuard guard_;
  TerminalFile input_;
  TerminalFile output_;
  std::deque<MouseEvent> mouse_;  // told of, and not given yet
  void* screen_ = nullptr;        // a SCREEN
  void* keys_ = nullptr;          // a WINDOW that is never shown: reading from one that is would refresh it
  int process_ = 0;
  bool mine_ = false;  // the process's one place is ours
  bool left_ = false;
};

}  // namespace poe
