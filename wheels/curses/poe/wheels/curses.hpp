// SPDX-License-Identifier: MIT
//
// Curses: the whole screen of a terminal, and its keys one by one (POE::Wheel::Curses). Part of poe::curses; ncursesw
// inside. It belongs to one session, whose member or local variable it is, and is used on the loop thread.
//
//     poe::Curses screen(self);
//     screen.put(0, 0, "any key; q ends it");
//     screen.refresh();
//     for (auto key = co_await screen.key(); key && !key->is(U'q'); key = co_await screen.key()) { ... }
//
// Draw with put(), clear() and refresh(), or with all of <curses.h>: while the wheel is there, stdscr is its screen.
// One wheel a process, because ncurses is about one screen at a time; when it has gone there may be another.
//
// The screen and the terminal's settings come back when the wheel goes, when the program exits, and when a signal ends
// it, SIGSEGV and SIGABRT included; not after SIGKILL, _exit(), a stack that overflows without an alternate one
// (sigaltstack), when a TERM comes before the loop runs, or a second one while the program still stops for the first.
// Then `reset` helps.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"
#include "poe/wheels/curses_key.hpp"

namespace poe {

class CursesKey;

/// Has a constructor, so it is no aggregate: see ReadWriteOptions.
class POE_API CursesOptions {
 public:
  CursesOptions() = default;
  /// Descriptors of a terminal that stay the caller's; keep them open, and blocking, as long as the wheel is there.
  CursesOptions(int from, int to) : input(from), output(to) {}

  int input = 0;
  int output = 1;
  /// What kind of terminal it is; empty: $TERM.
  std::string terminal;
  /// Buttons and wheel as keys (KeyName::mouse). The terminal then no longer marks text with them.
  bool mouse = false;
  /// How long Escape may be the beginning of another key's sequence; the loop waits for that long at most.
  std::chrono::milliseconds escape_delay{25};
  /// Empty: keys are read with co_await, see Curses::key(); what nobody asks for stays where it is.
  Fn<void(const Key&)> on_key;
  /// Why there will be no key any more: open_error(), or end_of_file (the terminal has gone).
  Fn<void(const Error&)> on_error;
};

/// How text looks; may be joined with |.
enum class Look : std::uint8_t { plain = 0, bold = 1, reverse = 2, underline = 4, dim = 8 };
constexpr Look operator|(Look a, Look b) noexcept {
  return static_cast<Look>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

class POE_API Curses {
 public:
  /// No wheel; every call but assignment and operator bool is a bug then.
  Curses() noexcept;
  /// Opens the screen. Never fails for what the world does: open_error() and on_error have that, and then drawing does
  /// nothing. If the program has chosen no locale for its characters yet, the environment's is set (setlocale,
  /// LC_CTYPE), or C.UTF-8 where that knows ASCII alone.
  explicit Curses(Self& self, CursesOptions options = {});
  Curses(Curses&& other) noexcept;
  Curses& operator=(Curses&& other) noexcept;
  ~Curses();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Unique among the wheels that exist in this process.
  std::uint64_t id() const noexcept { return reinterpret_cast<std::uintptr_t>(state_.get()); }
  /// Another wheel has the screen (EBUSY), no terminal (ENOTTY), ncurses does not know its kind (not_supported), a
  /// simulated world (not_supported).
  const std::optional<Error>& open_error() const noexcept;

  /// The next key: co_await wheel.key() gives a Result<Key>; include poe/wheels/curses_awaits.hpp. For a wheel without
  /// on_key. One at a time. Errors: those of on_error, `closed` (the wheel goes), `invalid_argument` (keys go to
  /// on_key, or somebody waits already).
  CursesKey key();

  /// Text in the locale's encoding, from that place on; nothing if it is outside. Shown with the next refresh().
  void put(int row, int column, std::string_view text, Look look = Look::plain);
  void clear();
  /// Brings the screen up to date. May wait for the terminal, if somebody has stopped it.
  void refresh();
  WindowSize size() const noexcept;
  /// Back to the terminal as it was, to run another program on it; keys are not read meanwhile. resume() draws all
  /// anew.
  void leave();
  void resume();

  /// To be called when the terminal has another size. The wheel does so itself on SIGWINCH, for which it takes the
  /// session's place (on_signal); so it does for SIGCONT.
  void resized();

  // Change a callback; that for keys must not be empty (std::invalid_argument).
  void on_key(Fn<void(const Key&)> callback);
  /// Keys come as an event, which the session has declared: Event<poe::Key> pressed{"pressed"}.
  void on_key(const Event<Key>& event);
  void on_error(Fn<void(const Error&)> callback);

 private:
  friend class CursesKey;
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace poe
