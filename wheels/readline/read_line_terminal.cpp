// SPDX-License-Identifier: MIT
//
// ReadLine on a terminal: its settings, its keys, what is shown.
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "line_cells.hpp"
#include "read_line_state.hpp"

namespace poe {

void ReadLine::State::begin_on_terminal() {
  guard_.learn();  // somebody may have changed them since
  guard_.arm();
  guard_.arm_endings();
  make_raw();  // before the prompt is seen: what is typed then must not be echoed
  if (prompt_.is_hidden) {
    hidden_ = std::make_unique<HiddenLine>();
    write(prompt_.text);
  } else {
    if (!editor_) {
      make_editor();
      make_raw();
    }
    std::wstring prompt, initial;
    {
      const LocaleScope scope(locale_);
      prompt = to_wide(prompt_.text);
      initial = to_wide(prompt_.initial);
    }
    editor_->begin(std::move(prompt));
    make_raw();  // not as libedit would have it
    if (!initial.empty()) {
      editor_->wipe(columns());
      editor_->replace(0, initial);
      editor_->draw();
    }
  }
  // Where these cannot be had, resized() is left to be called.
  if (auto watch = self_.on_signal("WINCH", [this](const Signal&) { resized(); })) resize_watch_ = std::move(*watch);
  if (auto watch = self_.on_signal("CONT", [this](const Signal&) { went_on(); })) continue_watch_ = std::move(*watch);
}

// As libedit would have it, but that nothing is a signal, and ^S and ^Q are keys.
void ReadLine::State::make_raw() noexcept {
  termios raw = guard_.settings();
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ECHONL | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(INLCR | IGNCR | IXON);
  raw.c_iflag |= ICRNL;
  raw.c_oflag |= OPOST | ONLCR;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(options_.input, TCSANOW, &raw);
}

void ReadLine::State::make_editor() {
  if (editor_) return;
  editor_ = std::make_unique<LineEditor>(options_.input, options_.output, options_.app_name, locale_, history_);
  if (options_.use_init_file) editor_->read_init_file(options_.init_file);
}

Result<void> ReadLine::State::command(const std::vector<std::string>& words) {
  if (!guard_) return failure(Errc::not_supported, "edit", subject(), "it is no terminal of ours");
  if (!begun_) guard_.arm();  // the editor is made with the settings changed
  make_editor();
  const bool understood = !words.empty() && editor_->command(words);
  if (!begun_) guard_.restore();
  if (understood) return {};
  return failure(Errc::invalid_argument, "obey", words.empty() ? "nothing" : "\"" + words.front() + "\"",
                 "it is no command of libedit's, or has wrong arguments", "see editrc(5)");
}

void ReadLine::State::write(std::string_view octets) {
  while (!octets.empty()) {
    const auto put = ::write(options_.output, octets.data(), octets.size());
    if (put > 0) {
      octets.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      pollfd room{options_.output, POLLOUT, 0};
      ::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return;  // nobody is there to see it; the input will tell
    }
  }
}

WindowSize ReadLine::State::size() const noexcept {
  winsize now{};
  if (::ioctl(options_.output, TIOCGWINSZ, &now) != 0 || now.ws_row == 0 || now.ws_col == 0) return {24, 80};
  return {now.ws_row, now.ws_col, now.ws_xpixel, now.ws_ypixel};
}

void ReadLine::State::put(std::string_view lines, bool safe) {
  if (fault_) return;
  std::string text = safe ? harmless(lines, true) : std::string(lines);
  if (text.empty() || text.back() != '\n') text += '\n';
  if (is_edited()) {
    editor_->wipe(columns());
    write(text);
    editor_->draw();
  } else if (hidden_) {
    write((terminal_moves() ? "\r\033[J" : "\n") + text + prompt_.text);
  } else {
    write(text);
  }
}

void ReadLine::State::clear_screen() {
  if (!guard_ || !terminal_moves()) return;
  write("\033[H\033[2J");
  if (is_edited()) editor_->draw();
  if (hidden_) write(prompt_.text);
}

void ReadLine::State::resized() {
  if (!is_edited()) return;
  editor_->wipe(columns());  // most terminals have wrapped it anew by now
  editor_->resized();
  editor_->draw();
}

// ---- keys

std::optional<wchar_t> ReadLine::State::next_key() {
  const LocaleScope scope(locale_);
  return keys_.next();
}

void ReadLine::State::feed(wchar_t key) {
  const auto is = [&](std::size_t which) {
    const cc_t control = guard_.settings().c_cc[which];
    return control != _POSIX_VDISABLE && key == static_cast<wchar_t>(control);
  };
  if (is(VINTR)) return interrupt();
  if (is(VSUSP)) return stop_program();
  if (is(VQUIT)) return static_cast<void>(::kill(0, SIGQUIT));
  hidden_ ? after_hidden(hidden_->feed(key)) : after_step(editor_->feed(key));
}

void ReadLine::State::after_step(LineEditor::Step step) {
  switch (step) {
    case LineEditor::Step::more:
      return;
    case LineEditor::Step::complete:
      return complete();
    case LineEditor::Step::line: {
      std::string line;
      {
        const LocaleScope scope(locale_);
        line = to_narrow(editor_->line());
      }
      return finish(std::move(line));
    }
    case LineEditor::Step::end:
      write("\n");
      return finish(failure(Errc::end_of_file, "read a line from", subject(), "the user ended the input"));
    case LineEditor::Step::cancelled:
      write("\n");
      return finish(failure(Errc::cancelled, "read a line from", subject(), "the user gave it up"));
  }
}

void ReadLine::State::after_hidden(HiddenLine::Step step) {
  if (step == HiddenLine::Step::more) return;
  write("\n");
  if (step == HiddenLine::Step::end) {
    return finish(failure(Errc::end_of_file, "read a line from", subject(), "the user ended the input"));
  }
  if (step == HiddenLine::Step::cancelled) {
    return finish(failure(Errc::cancelled, "read a line from", subject(), "the user gave it up"));
  }
  std::string line;
  {
    const LocaleScope scope(locale_);
    line = to_narrow(hidden_->text());
  }
  finish(std::move(line));
}

void ReadLine::State::leave_line(std::string_view mark) {
  if (is_fork()) return;
  if (is_edited()) {
    editor_->leave(columns(), mark);
  } else if (hidden_) {
    write(std::string(mark) + "\n");
  }
}

void ReadLine::State::interrupt() {
  leave_line("^C");
  finish(system_failure(EINTR, "read a line from", subject()));
}

// As the terminal would do it, did we not take its keys.
void ReadLine::State::stop_program() {
  leave_line("^Z");
  guard_.restore();
  ::kill(0, SIGTSTP);  // here it stands still until it is continued
  if (editor_ && editor_->editing()) editor_->draw();
  if (hidden_) write(prompt_.text);
  guard_.arm();
  guard_.arm_endings();
  make_raw();
}

void ReadLine::State::went_on() {
  if (!begun_) return;
  make_raw();  // the shell may have set it otherwise meanwhile
  resized();
}

}  // namespace poe
