// SPDX-License-Identifier: MIT
//
// ReadLine: lines from a person at a terminal, with editing, history and completion, while the program goes on
// (POE::Wheel::ReadLine). Part of poe::readline; libedit inside. It belongs to one session, whose member or local
// variable it is, and is used on the loop thread.
//
//     poe::ReadLine prompt(self);
//     prompt.get("> ", [](poe::Result<std::string> line) { ... });  // as a call
//     prompt.get("> ", typed);                                      // or as an event
//     while (auto line = co_await prompt.read("> ")) { ... }        // or with read_line_awaits.hpp
//
// A line is asked for, and comes once: between two asks nothing is read, and the terminal has its usual settings.
// Instead of a line may come: end_of_file (^D on an empty line, or the input has ended), system with number() EINTR
// (^C: was_interrupted()), cancelled (^G, or cancel()), and what goes wrong.
//
// Keys are libedit's: editrc(5), emacs' ways unless the user's ~/.editrc says otherwise. Tab completes, ^R searches the
// history, ^Z stops the program as ever, and redraws the line when it goes on.
//
// Input or output that is no terminal, a pipe for example, is read as plain lines: no prompt, no editing.
//
// The terminal gets its settings back when the line has come, when the wheel goes, when the program exits, and when a
// signal ends it, SIGSEGV and SIGABRT included; not after SIGKILL, _exit(), a stack that overflows without an alternate
// one (sigaltstack), nor when a second TERM ends a program that still stops for the first. Then `reset` helps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"
#include "poe/wheels/run_options.hpp"

namespace poe {

class LineRead;

/// Whether the user pressed ^C instead of ending the line.
POE_API bool was_interrupted(const Error& error) noexcept;

/// What to ask with. Text is in the encoding of the environment's locale; UTF-8 where that knows ASCII alone.
class LinePrompt {
 public:
  /// Octets between two \1 move no cursor: "\1\033[1m\1bold> \1\033[m\1".
  LinePrompt(std::string prompt) : text(std::move(prompt)) {}
  LinePrompt(const char* prompt) : text(prompt) {}
  /// For a password: what is typed is not shown, not completed and not remembered.
  static LinePrompt hidden(std::string prompt) {
    LinePrompt made(std::move(prompt));
    made.is_hidden = true;
    return made;
  }

  std::string text;
  /// What the line has to begin with; the user may edit it.
  std::string initial{};
  bool is_hidden = false;
};

/// What Tab was pressed on. The views end with the call.
struct LineCompletion {
  std::string_view word;  ///< from its start to the cursor
  std::string_view line;  ///< all of it
  std::size_t cursor;     ///< octets of `line` before the cursor
};

/// Has a constructor, so it is no aggregate: see ReadWriteOptions.
class POE_API ReadLineOptions {
 public:
  ReadLineOptions() = default;
  /// Descriptors that stay the caller's; keep them open as long as the wheel is there.
  ReadLineOptions(int from, int to) : input(from), output(to) {}

  int input = 0;
  int output = 1;
  /// What comes of a get() that does not say otherwise.
  Fn<void(Result<std::string>)> on_line;
  /// Whole words to put in place of `word`: the only one is put there with a space behind it (unless it ends with '/'
  /// or '='), of several what they have in common; if that is nothing new they are listed.
  Fn<std::vector<std::string>(const LineCompletion&)> complete;
  /// Where words begin, for `complete`.
  std::string word_breaks = " \t\n\"'`@$><=;|&{(";
  /// Lines of the history.
  std::size_t history_limit = 1000;
  /// Its section of the init file: lines "name:command", see editrc(5).
  std::string app_name = "poe-readline";
  /// Commands of the editor; empty: $EDITRC or ~/.editrc.
  std::string init_file;
  bool use_init_file = true;
  /// Octets of a line of plain input; longer ones are left out, which is told by a `limit`.
  std::size_t max_line = 1U << 20;
};

class POE_API ReadLine {
 public:
  using Answer = Result<std::string>;

  /// No wheel; every call but assignment and operator bool is a bug then.
  ReadLine() noexcept;
  /// Never fails for what the world does; that comes with the first line, and open_error() has it.
  explicit ReadLine(Self& self, ReadLineOptions options = {});
  ReadLine(ReadLine&& other) noexcept;
  ReadLine& operator=(ReadLine&& other) noexcept;
  ~ReadLine();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Unique among the wheels that exist in this process.
  std::uint64_t id() const noexcept { return reinterpret_cast<std::uintptr_t>(state_.get()); }
  /// Whether there is a terminal at both ends, so that lines are edited.
  bool is_terminal() const noexcept;
  /// Why there will be no line, ever: the terminal has another ReadLine (EBUSY), a simulated world (not_supported).
  const std::optional<Error>& open_error() const noexcept;

  /// Asks for one line, which comes later: to `done`, as an event the session has declared
  /// (Event<poe::ReadLine::Answer> typed{"typed"}), or to on_line. While one is asked for, another ask gets the error
  /// invalid_argument. It keeps the session alive.
  void get(LinePrompt prompt, Fn<void(Answer)> done);
  void get(LinePrompt prompt, const Event<Answer>& event);
  void get(LinePrompt prompt = "");
  /// co_await wheel.read(prompt): Result<std::string>; include poe/wheels/read_line_awaits.hpp. Also `closed` (the
  /// wheel goes) and `cancelled` (the session stops). Who gives up, by within() for example, gives the line up.
  LineRead read(LinePrompt prompt = "");
  /// Gives up the line that is asked for, if there is one: `cancelled` comes instead, later. What was typed into it is
  /// lost, what was typed ahead stays.
  void cancel();
  bool asking() const noexcept;

  /// Writes lines; above the one that is being edited, which stays as it is. A last line end is added where there is
  /// none. Control characters but line end and tab are shown as ^X, so that text of strangers does no harm; put_raw()
  /// writes what it is given. May wait for the terminal, if somebody has stopped it.
  void put(std::string_view lines);
  void put_raw(std::string_view lines);
  /// Empties the screen and draws the line at its top. Nothing where there is no terminal.
  void clear();

  /// Newest last. An empty line and the last one once more are left out.
  void add_history(std::string_view line);
  const std::deque<std::string>& history() const noexcept;
  void clear_history();
  void set_history_limit(std::size_t lines);
  /// Adds what is in a file, a line each; a missing file has nothing. Errors: what the system says.
  Result<void> load_history(const std::string& path);
  /// Replaces the file, whole or not at all; only its owner may read it.
  Result<void> save_history(const std::string& path) const;

  /// A command of editrc(5) in words: {"bind", "^X", "ed-clear-screen"}, {"bind", "-v"} for vi's keys. Errors:
  /// invalid_argument; not_supported (no terminal). For `bind` without arguments libedit lists on the output.
  Result<void> command(const std::vector<std::string>& words);

  /// Of the terminal now; 24 times 80 where there is none, or it does not know.
  WindowSize size() const noexcept;
  /// To be called when the terminal has another size. The wheel does so itself on SIGWINCH, for which it takes the
  /// session's place (on_signal) while a line is asked for; so it does for SIGCONT.
  void resized();

  // Change a callback.
  void on_line(Fn<void(Answer)> callback);
  void on_complete(Fn<std::vector<std::string>(const LineCompletion&)> callback);

 private:
  friend class LineRead;
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace poe
