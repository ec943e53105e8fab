// SPDX-License-Identifier: MIT
//
// Key: what was pressed, as values; no curses.h is needed to read it.
#pragma once

#include <cstdint>

#include "poe/wheels/run_options.hpp"

namespace poe {

enum class KeyName : std::uint8_t {
  none,  ///< a character; see Key::character
  up,
  down,
  left,
  right,
  home,
  end,
  page_up,
  page_down,
  insert,
  del,
  backspace,
  enter,
  back_tab,
  function,  ///< Key::number says which
  mouse,     ///< Key::mouse
  resize,    ///< Key::size is the new one; the screen has been fitted to it
  other      ///< Key::number is its KEY_... of curses.h
};

/// Where, and which button: 1 left, 2 middle, 3 right, 4 and 5 the wheel's two ways, which have no release.
struct MouseEvent {
  int row = 0;
  int column = 0;
  int button = 0;
  bool pressed = false;
};

/// Enter is KeyName::enter and Backspace KeyName::backspace, whatever the terminal sends for them. Escape is the
/// character 27, Tab 9; with Ctrl a letter is its number: ^A is 1, and ^C 3, for no key is a signal.
struct Key {
  KeyName name = KeyName::none;
  char32_t character = 0;
  int number = 0;
  MouseEvent mouse{};
  WindowSize size{};

  bool is(char32_t which) const noexcept { return name == KeyName::none && character == which; }
  bool is(KeyName which) const noexcept { return name == which; }
};

}  // namespace poe
