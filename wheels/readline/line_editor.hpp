// SPDX-License-Identifier: MIT
//
// LineEditor: libedit for one terminal, a line at a time, fed with keys instead of reading them. It lives on a Fiber:
// when it wants a key it is left where it is. Calls never block on input; drawing writes to the terminal. The
// terminal's settings are the caller's: what libedit does to them is undone by whoever has the TerminalGuard.
//
// Why histedit.h and not libedit's imitation of GNU readline on top of it: that has one editor a process, and blocks in
// the middle of a sequence of keys.
#pragma once

#include <histedit.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../terminal/terminal_file.hpp"
#include "fiber.hpp"
#include "line_history.hpp"
#include "locale_scope.hpp"

namespace poe {

class LineEditor {
 public:
  /// more: the next key, please. complete: Tab was pressed, see completed(). end: ^D on an empty line.
  enum class Step : std::uint8_t { more, complete, line, end, cancelled };

  /// Borrows the descriptors, a terminal each, and what else it is given. Throws std::bad_alloc.
  LineEditor(int input, int output, const std::string& name, const TerminalLocale& locale, const LineHistory& history);
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  ~LineEditor();

  /// Commands of an editrc(5) file: empty: $EDITRC or ~/.editrc. Whether there was one.
  bool read_init_file(const std::string& path);
  /// One such command, in words. Whether it was understood.
  bool command(const std::vector<std::string>& words);

  /// Draws the prompt and is at Step::more.
  void begin(std::wstring prompt);
  Step feed(wchar_t key);
  /// After Step::complete, in which insert() and the rest may be used.
  Step completed() { return go_on(); }
  /// Leaves the line, drawn as it is, whatever it is in the middle of.
  void quit();
  bool editing() const noexcept { return fiber_.running(); }
  /// What was entered, after Step::line.
  const std::wstring& line() const noexcept { return line_; }

  // ---- while it is editing
  std::wstring_view before_cursor() const;
  std::wstring_view text() const;
  /// Takes that many characters before the cursor away and puts others there.
  void replace(std::size_t count, const std::wstring& by);
  void beep();
  /// Wipes the prompt and the line off the screen; the cursor is where the prompt began. `columns`: of the screen.
  void wipe(std::size_t columns);
  /// To the start of the row below all that is drawn.
  void leave(std::size_t columns, std::string_view mark);
  void draw();
  void resized();
  /// Octets to the terminal, now.
  void write(std::string_view octets);

 private:
  struct End {
    void operator()(EditLine* editor) const noexcept { ::el_end(editor); }
  };
  static LineEditor& of(EditLine* editor);
  static int next_key(EditLine* editor, wchar_t* key);
  static wchar_t* show_prompt(EditLine* editor);
  static unsigned char on_tab(EditLine* editor, int key);
  static unsigned char on_cancel(EditLine* editor, int key);
  void bind();
  void edit();
  Step go_on();
  std::size_t row_of(std::size_t columns, std::wstring_view shown) const;

  const TerminalLocale& locale_;
  TerminalFile input_;
  TerminalFile output_;
  std::unique_ptr<EditLine, End> editor_;
  Fiber fiber_;
  std::wstring prompt_;
  std::wstring line_;
  std::optional<wchar_t> key_;  // for libedit to take
  Step step_ = Step::cancelled;
  bool cancelled_ = false;
  bool can_move_;  // the terminal knows how to move its cursor
};

}  // namespace poe
