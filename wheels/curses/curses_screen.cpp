// SPDX-License-Identifier: MIT
#include "curses_screen.hpp"

#define NCURSES_NOMACROS
#include <curses.h>
#include <langinfo.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace poe {
namespace {

// Why static storage: ncurses' present screen is a variable of the process, too.
constinit std::atomic<bool> taken{false};

// ncurses takes INT, TERM, TSTP and WINCH where nobody else has them, and ends the program; they are the kernel's.
// While this lives somebody else has them.
class SignalsTaken {
 public:
  SignalsTaken() noexcept {
    struct sigaction passing {};
    passing.sa_handler = [](int) {};
    for (std::size_t i = 0; i < kNumbers.size(); ++i) {
      ::sigaction(kNumbers[i], nullptr, &former_[i]);
      // SIG_IGN is left alone, since an ignored signal must not get lost in between either.
      if (is_default(former_[i])) ::sigaction(kNumbers[i], &passing, nullptr);
    }
  }
  SignalsTaken(const SignalsTaken&) = delete;
  SignalsTaken& operator=(const SignalsTaken&) = delete;
  ~SignalsTaken() {
    for (std::size_t i = 0; i < kNumbers.size(); ++i) {
      if (is_default(former_[i])) ::sigaction(kNumbers[i], &former_[i], nullptr);
    }
  }

 private:
  static bool is_default(const struct sigaction& action) noexcept {
    return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
  }
  static constexpr std::array kNumbers{SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
  std::array<struct sigaction, kNumbers.size()> former_{};
};

void choose_characters() {
  const char* const present = std::setlocale(LC_CTYPE, nullptr);
  if (present == nullptr || std::strcmp(present, "C") != 0) return;
  std::setlocale(LC_CTYPE, "");
  if (std::strcmp(::nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

// A capability's sequence, without the delays that some terminals of the seventies need.
std::string sequence(const char* capability) {
  const char* const found = ::tigetstr(capability);
  if (found == nullptr || found == reinterpret_cast<const char*>(-1)) return {};
  std::string text(found);
  for (std::size_t from = 0; (from = text.find("$<", from)) != std::string::npos;) {
    const std::size_t end = text.find('>', from);
    if (end == std::string::npos) break;
    text.erase(from, end - from + 1);
  }
  return text;
}

// What a program must not go without: plain text, a cursor, plain cursor keys, the screen from before.
std::string farewell() { return sequence("sgr0") + sequence("cnorm") + sequence("rmkx") + sequence("rmcup"); }

int attributes(Look look) noexcept {
  const auto has = [&](Look which) { return (static_cast<unsigned>(look) & static_cast<unsigned>(which)) != 0; };
  return static_cast<int>((has(Look::bold) ? A_BOLD : 0) | (has(Look::reverse) ? A_REVERSE : 0) |
                          (has(Look::underline) ? A_UNDERLINE : 0) | (has(Look::dim) ? A_DIM : 0));
}

KeyName name_of(int code) noexcept {
  switch (code) {
    case KEY_UP:
      return KeyName::up;
    case KEY_DOWN:
      return KeyName::down;
    case KEY_LEFT:
      return KeyName::left;
    case KEY_RIGHT:
      return KeyName::right;
    case KEY_HOME:
      return KeyName::home;
    case KEY_END:
      return KeyName::end;
    case KEY_PPAGE:
      return KeyName::page_up;
    case KEY_NPAGE:
      return KeyName::page_down;
    case KEY_IC:
      return KeyName::insert;
    case KEY_DC:
      return KeyName::del;
    case KEY_BACKSPACE:
      return KeyName::backspace;
    case KEY_ENTER:
      return KeyName::enter;
    case KEY_BTAB:
      return KeyName::back_tab;
    case KEY_MOUSE:
      return KeyName::mouse;
    case KEY_RESIZE:
      return KeyName::resize;
    default:
      return code >= KEY_F(0) && code <= KEY_F(63) ? KeyName::function : KeyName::other;
  }
}

// Button 0: nothing a program would want to know.
MouseEvent mouse_of(const MEVENT& event) noexcept {
  MouseEvent mouse;
  mouse.row = event.y;
  mouse.column = event.x;
  for (int button = 1; button <= 5; ++button) {
    const bool pressed = (event.bstate & NCURSES_MOUSE_MASK(button, NCURSES_BUTTON_PRESSED)) != 0;
    if (!pressed && (event.bstate & NCURSES_MOUSE_MASK(button, NCURSES_BUTTON_RELEASED)) == 0) continue;
    mouse.button = button;
    mouse.pressed = pressed;
    break;
  }
  return mouse;
}

Error no_screen(Errc code, const char* why, const char* advice) {
  return {code, "open", "a screen with ncurses", why, advice};
}

}  // namespace

Result<std::unique_ptr<CursesScreen>> CursesScreen::open(const CursesOptions& options) {
  std::unique_ptr<CursesScreen> made(new CursesScreen);
  if (auto begun = made->begin(options); !begun) return failure(begun.error());
  return made;
}

Result<void> CursesScreen::begin(const CursesOptions& options) {
  if (taken.exchange(true)) {
    return system_failure(EBUSY, "open", "a screen with ncurses",
                          "another Curses of this program has it, and there can be one at a time: drop that first");
  }
  mine_ = true;
  process_ = ::getpid();
  if (::isatty(options.output) == 0) {
    return system_failure(errno, "open", "a screen on descriptor " + std::to_string(options.output),
                          "start the program at a terminal");
  }
  auto guard = TerminalGuard::claim(options.input, options.output);
  if (!guard) return failure(guard.error());
  guard_ = std::move(*guard);
  input_ = open_copy(options.input, "r");
  output_ = open_copy(options.output, "w");
  if (input_ == nullptr || output_ == nullptr) return system_failure(errno, "open", "a screen with ncurses");
  choose_characters();
  {
    const SignalsTaken none_for_ncurses;
    const char* const kind = options.terminal.empty() ? nullptr : options.terminal.c_str();
    screen_ = ::newterm(kind, output_.get(), input_.get());
  }
  if (screen_ == nullptr) {
    return failure(no_screen(Errc::not_supported, "ncurses knows no such kind of terminal",
                             "set TERM to one that `infocmp` knows, xterm for example"));
  }
  guard_.arm(farewell());
  keys_ = ::newpad(1, 1);
  if (keys_ == nullptr) return system_failure(ENOMEM, "open", "a screen with ncurses");
  set_up(options);
  return {};
}

void CursesScreen::set_up(const CursesOptions& options) {
  auto* const keys = static_cast<WINDOW*>(keys_);
  ::raw();
  ::noecho();
  ::nonl();
  ::intrflush(stdscr, FALSE);
  ::keypad(keys, TRUE);
  ::nodelay(keys, TRUE);
  ::set_escdelay(static_cast<int>(options.escape_delay.count()));
  if (options.mouse) {
    mmask_t wanted = 0;  // without clicks: what is one is the program's matter
    for (int button = 1; button <= 5; ++button) {
      wanted |= static_cast<mmask_t>(NCURSES_MOUSE_MASK(button, NCURSES_BUTTON_PRESSED | NCURSES_BUTTON_RELEASED));
    }
    ::mousemask(wanted, nullptr);
    ::mouseinterval(0);
  }
  ::wrefresh(stdscr);
}

void CursesScreen::guard_endings() noexcept { guard_.arm_endings(); }

bool CursesScreen::is_fork() const noexcept { return ::getpid() != process_; }

CursesScreen::~CursesScreen() {
  if (screen_ != nullptr && !is_fork()) {
    auto* const screen = static_cast<SCREEN*>(screen_);
    ::set_term(screen);
    if (!left_) ::endwin();
    if (keys_ != nullptr) ::delwin(static_cast<WINDOW*>(keys_));
    ::delscreen(screen);
  }
  guard_ = TerminalGuard();
  if (mine_) taken = false;
}

std::optional<Key> CursesScreen::next() {
  while (!left_) {
    if (!mouse_.empty()) {
      Key key;
      key.name = KeyName::mouse;
      key.mouse = mouse_.front();
      mouse_.pop_front();
      return key;
    }
    wint_t code = 0;
    const int kind = ::wget_wch(static_cast<WINDOW*>(keys_), &code);
    if (kind == ERR) return std::nullopt;
    if (kind == KEY_CODE_YES && code == KEY_MOUSE) {
      take_mouse();
    } else {
      return key_of(code, kind == KEY_CODE_YES);
    }
  }
  return std::nullopt;
}

// One key stands for all that came at once, and the newest is given first.
void CursesScreen::take_mouse() {
  MEVENT event{};
  while (::getmouse(&event) == OK) {
    const MouseEvent mouse = mouse_of(event);
    if (mouse.button != 0) mouse_.push_front(mouse);
  }
}

Key CursesScreen::key_of(unsigned code, bool is_function) const {
  Key key;
  if (is_function) {
    key.name = name_of(static_cast<int>(code));
    key.number = key.name == KeyName::function ? static_cast<int>(code) - KEY_F(0) : static_cast<int>(code);
  } else if (code == L'\r' || code == L'\n') {
    key.name = KeyName::enter;
  } else if (code == 0x7f || code == 0x08) {
    key.name = KeyName::backspace;
  } else {
    key.character = static_cast<char32_t>(code);
  }
  if (key.name == KeyName::resize) key.size = size();
  return key;
}

void CursesScreen::put(int row, int column, std::string_view text, Look look) {
  if (::wmove(stdscr, row, column) == ERR) return;
  const int with = attributes(look);
  ::wattron(stdscr, with);
  ::waddnstr(stdscr, text.data(), static_cast<int>(text.size()));
  ::wattroff(stdscr, with);
}

void CursesScreen::clear() { ::werase(stdscr); }

void CursesScreen::refresh() {
  if (!left_) ::wrefresh(stdscr);
}

WindowSize CursesScreen::size() const noexcept {
  return {static_cast<std::uint16_t>(::getmaxy(stdscr)), static_cast<std::uint16_t>(::getmaxx(stdscr))};
}

void CursesScreen::fit() {
  winsize now{};
  if (::ioctl(::fileno(output_.get()), TIOCGWINSZ, &now) != 0 || now.ws_row == 0 || now.ws_col == 0) return;
  if (::is_term_resized(now.ws_row, now.ws_col)) ::resizeterm(now.ws_row, now.ws_col);
}

void CursesScreen::leave() {
  if (std::exchange(left_, true)) return;
  ::endwin();
  guard_.restore();
}

void CursesScreen::resume() {
  if (std::exchange(left_, false)) {
    guard_.arm(farewell());
    guard_.arm_endings();
  }
  ::reset_prog_mode();
  ::clearok(curscr, TRUE);
  ::wrefresh(stdscr);
}

}  // namespace poe
