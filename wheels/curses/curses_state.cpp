// SPDX-License-Identifier: MIT
//
// Curses at work. What ncurses has read ahead no readiness tells of, so after each key it is asked once more.
#include "curses_state.hpp"

#include <poll.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "poe/system.hpp"

namespace poe {
namespace {

constexpr int kKeysATurn = 256;  // before others have theirs

}  // namespace

Curses::State::State(Self& self, CursesOptions& options)
    : on_key(std::move(options.on_key)), on_error(std::move(options.on_error)), self_(self), input_(options.input) {
  if (!is_real(self_.system())) {
    fault_ = Error(Errc::not_supported, "open", "a screen", "the simulated world has none", "use a real loop");
  } else if (auto screen = CursesScreen::open(options)) {
    screen_ = std::move(*screen);
  } else {
    fault_ = screen.error();
  }
}

void Curses::State::begin() {
  if (!fault_) {
    auto watch = self_.watch(input_, POE_READ, [this](std::uint32_t ready) { on_ready(ready); });
    if (watch) {
      watch_ = std::move(*watch);
      set_watch();
    } else {
      fault_ = watch.error();
      screen_.reset();
    }
  }
  self_.defer([self = shared_from_this()] {  // the loop runs by then
    if (!self->is_heard()) return;
    if (self->fault_) return self->end(*self->fault_);
    if (self->screen_ != nullptr && !self->screen_->has_left()) self->screen_->guard_endings();
  });
  if (fault_) return;
  // Where these cannot be had, resized() is left to be called.
  if (auto watch = self_.on_signal("WINCH", [this](const Signal&) { resized(); })) resize_watch_ = std::move(*watch);
  if (auto watch = self_.on_signal("CONT", [this](const Signal&) { went_on(); })) continue_watch_ = std::move(*watch);
  if (on_key) read_later();
}

void Curses::State::set_watch() noexcept {
  const bool on = wants() && !closed_ && screen_ != nullptr && !screen_->has_left();
  on ? watch_.resume(POE_READ) : watch_.pause(POE_READ);
}

void Curses::State::read_later() {
  if (std::exchange(queued_, true)) return;
  self_.defer([self = shared_from_this()] {
    self->queued_ = false;
    if (self->is_heard()) self->read();
  });
}

void Curses::State::on_ready(std::uint32_t ready) {
  const auto alive = shared_from_this();
  if (read() || !is_heard()) return;
  pollfd now{input_, POLLIN, 0};  // not every loop tells of a hang-up
  if ((ready & POE_ERROR) != 0 || (::poll(&now, 1, 0) > 0 && (now.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)) {
    end(Error(Errc::end_of_file, "read a key from", "the terminal", "it was hung up"));
  }
}

bool Curses::State::read() {
  if (reading_) {  // a nested timeslice: the outer one goes on when it is back
    watch_.pause(POE_READ);
    return true;
  }
  struct Level {
    State& state;
    ~Level() {
      state.reading_ = false;
      if (!state.closed_) state.set_watch();
    }
  };
  const auto alive = shared_from_this();
  const Level level{*this};
  reading_ = true;
  bool any = false;
  for (int left = kKeysATurn; is_heard() && wants() && screen_ != nullptr; --left) {
    if (left == 0) {
      read_later();
      break;
    }
    const auto key = screen_->next();
    if (!key) break;
    any = true;
    tell(*key);
  }
  return any;
}

void Curses::State::tell(const Key& key) {
  if (reader_ != nullptr) return std::exchange(reader_, nullptr)->give(key);
  on_key(key);
}

void Curses::State::end(Error why) {
  if (ended_) return;
  ended_ = why;
  watch_.cancel();
  if (reader_ != nullptr) std::exchange(reader_, nullptr)->fail(why);
  on_error(why);
}

void Curses::State::take_keys(Fn<void(const Key&)> callback) {
  if (!callback) throw std::invalid_argument("Curses: on_key cannot be empty");
  on_key.set(std::move(callback));
  set_watch();
  read_later();
}

void Curses::State::resized() {
  if (screen_ == nullptr || screen_->has_left()) return;
  screen_->fit();
  if (wants()) read_later();
}

void Curses::State::went_on() {
  if (screen_ == nullptr || screen_->has_left()) return;
  screen_->resume();
  resized();
}

void Curses::State::leave() {
  if (screen_ != nullptr) screen_->leave();
  set_watch();
}

void Curses::State::resume() {
  if (screen_ == nullptr || !screen_->has_left()) return;
  screen_->resume();
  resized();
  set_watch();
}

std::optional<Error> Curses::State::why_no_key() const {
  const auto refused = [](const char* why, const char* advice) {
    return Error(Errc::invalid_argument, "read a key from", "a Curses", why, advice);
  };
  if (on_key) return refused("its keys go to on_key", "make it without to read in a coroutine");
  if (reader_ != nullptr) return refused("another key() waits already", "read in one Task, and share what it gets");
  return fault_ ? fault_ : ended_;
}

void Curses::State::await_key(CursesKey& reader) {
  reader_ = &reader;
  read_later();
  set_watch();
}

void Curses::State::forget_reader() noexcept {
  reader_ = nullptr;
  if (!closed_) set_watch();
}

void Curses::State::close() {
  if (std::exchange(closed_, true)) return;
  watch_.cancel();
  resize_watch_.cancel();
  continue_watch_.cancel();
  screen_.reset();
  if (reader_ != nullptr) {
    std::exchange(reader_, nullptr)->fail(Error(Errc::closed, "wait for", "a key", "the wheel is gone"));
  }
}

}  // namespace poe
