// SPDX-License-Identifier: MIT
//
// ReadLine at work: from one ask to its answer.
#include "read_line_state.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "poe/system.hpp"

namespace poe {

ReadLine::State::State(Self& self, ReadLineOptions options)
    : on_line(std::move(options.on_line)),
      self_(self),
      process_(::getpid()),
      options_(std::move(options)),
      history_(locale_, options_.history_limit) {
  set_complete(std::move(options_.complete));
  if (!is_real(self_.system())) {
    fault_ = Error(Errc::not_supported, "read lines", "a terminal", "the simulated world has none", "use a real loop");
    return;
  }
  if (::isatty(options_.input) == 0 || ::isatty(options_.output) == 0) return;
  auto guard = TerminalGuard::claim(options_.input, options_.output);
  if (!guard) {
    fault_ = guard.error();
  } else {
    guard_ = std::move(*guard);
  }
}

void ReadLine::State::set_complete(Complete callback) {
  complete_ = callback ? std::make_shared<Complete>(std::move(callback)) : nullptr;
}

std::string ReadLine::State::subject() const {
  return (guard_ ? "the terminal, descriptor " : "descriptor ") + std::to_string(options_.input);
}

void ReadLine::State::ask(LinePrompt prompt, Fn<void(Answer)> done, AtClose at_close) {
  if (asking_) {
    Error busy(Errc::invalid_argument, "read a line from", subject(), "one is asked for already",
               "wait for that, or cancel()");
    return self_.defer([self = shared_from_this(), done = std::move(done), busy = std::move(busy)]() mutable {
      if (self->is_heard() && done) done(failure(std::move(busy)));
    });
  }
  asking_ = true;
  prompt_ = std::move(prompt);
  done_ = std::move(done);
  at_close_ = at_close;
  self_.defer([self = shared_from_this(), turn = ++turn_] {
    if (self->asking_ && self->turn_ == turn && self->is_heard()) self->begin();
  });
}

void ReadLine::State::begin() {
  if (fault_) return finish(failure(*fault_));
  begun_ = true;
  first_read_ = true;
  if (guard_) begin_on_terminal();
  work();
  if (at_work() && !watch_) watch_input();  // often what came with the last line is enough
}

void ReadLine::State::watch_input() {
  if (input_ended_) return;
  auto watch = self_.watch(options_.input, POE_READ, [this](std::uint32_t) { on_input(); });
  if (!watch) return finish(failure(watch.error()));
  watch_ = std::move(*watch);
}

void ReadLine::State::on_input() {
  const auto alive = shared_from_this();
  if (is_fork()) return end_line();  // the keys are the other process's
  read_some();
  if (at_work()) work();
}

// The descriptor is not made non-blocking: so would be whatever else is open on the terminal, in other programs, too.
void ReadLine::State::read_some() {
  pollfd now{options_.input, POLLIN, 0};
  if (::poll(&now, 1, 0) <= 0) return;  // somebody else took it
  std::array<char, 4096> buffer;
  const auto got = ::read(options_.input, buffer.data(), buffer.size());
  if (got > 0) {
    const auto end = buffer.begin() + got;
    // ^D that was typed while nobody asked: the terminal, which still made lines then, keeps it as a NUL.
    if (std::exchange(first_read_, false) && guard_) {
      std::replace(buffer.begin(), end, '\0', static_cast<char>(guard_.settings().c_cc[VEOF]));
    }
    keys_.add({buffer.data(), static_cast<std::size_t>(got)});
    if (guard_) ::explicit_bzero(buffer.data(), buffer.size());  // a password may have been typed ahead
    return;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got == 0 || errno == EIO) {  // EIO: a terminal that was hung up
    input_ended_ = true;
    return watch_.cancel();
  }
  finish(system_failure(errno, "read a line from", subject()));
}

void ReadLine::State::work() {
  if (completing_) return;  // whoever asks for words goes on when it has them
  const auto alive = shared_from_this();
  guard_ ? work_keys() : work_lines();
  if (at_work() && !completing_ && input_ended_ && keys_.size() == 0) {
    finish(failure(Errc::end_of_file, "read a line from", subject(), "its input has ended"));
  }
}

void ReadLine::State::work_lines() {
  const Error too_long(Errc::limit, "read a line from", subject(),
                       "it is longer than max_line, " + std::to_string(options_.max_line) + " octets",
                       "it was left out; ask for the next one");
  while (auto line = keys_.next_line(input_ended_)) {
    if (std::exchange(skipping_, false)) continue;
    return line->size() <= options_.max_line ? finish(std::move(*line)) : finish(failure(too_long));
  }
  if (keys_.size() <= options_.max_line) return;
  keys_.clear();
  if (!std::exchange(skipping_, true)) finish(failure(too_long));
}

void ReadLine::State::work_keys() {
  while (at_work() && !completing_) {
    const auto key = next_key();
    if (!key) break;
    feed(*key);
  }
  if (input_ended_) keys_.clear();  // at most a part of a character
}

// Nothing of this line is left when its answer is told.
void ReadLine::State::finish(Answer answer) {
  end_line();
  asking_ = false;
  const auto done = std::make_shared<Fn<void(Answer)>>(std::exchange(done_, nullptr));
  if (is_heard() && *done) (*done)(std::move(answer));
}

void ReadLine::State::end_line() {
  begun_ = false;
  watch_.cancel();
  resize_watch_.cancel();
  continue_watch_.cancel();
  if (is_fork()) {
    editor_.reset();  // without a word to the terminal
  } else if (editor_) {
    editor_->quit();
  }
  hidden_.reset();
  if (guard_) guard_.restore();
}

void ReadLine::State::cancel() {
  if (!asking_) return;
  leave_line("");
  end_line();
  // Another turn: a begin() that is still to come comes too late.
  self_.defer([self = shared_from_this(), turn = ++turn_] {
    if (!self->asking_ || self->turn_ != turn || !self->is_heard()) return;
    self->finish(failure(Errc::cancelled, "read a line from", self->subject(), "cancel() was called"));
  });
}

void ReadLine::State::forget() {
  if (!asking_) return;
  leave_line("");
  end_line();
  asking_ = false;
  done_ = nullptr;
}

void ReadLine::State::close() {
  if (std::exchange(closed_, true)) return;
  leave_line("");
  end_line();
  editor_.reset();
  guard_ = TerminalGuard();
  auto done = std::exchange(done_, nullptr);
  if (!std::exchange(asking_, false) || at_close_ != AtClose::tell) return;
  done(failure(Errc::closed, "read a line", "", "the wheel is gone"));
}

}  // namespace poe
