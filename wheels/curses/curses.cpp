// SPDX-License-Identifier: MIT
#include "poe/wheels/curses.hpp"

#include <utility>

#include "curses_state.hpp"

namespace poe {

Curses::Curses() noexcept = default;
Curses::Curses(Self& self, CursesOptions options) : state_(std::make_shared<State>(self, options)) { state_->begin(); }
Curses::Curses(Curses&& other) noexcept = default;

Curses& Curses::operator=(Curses&& other) noexcept {
  if (this != &other) {
    const auto former = std::exchange(state_, std::exchange(other.state_, nullptr));
    if (former) former->close();
  }
  return *this;
}

Curses::~Curses() {
  if (const auto state = std::exchange(state_, nullptr)) state->close();
}

const std::optional<Error>& Curses::open_error() const noexcept { return state_->open_error(); }

void Curses::put(int row, int column, std::string_view text, Look look) {
  if (auto* const screen = state_->screen()) screen->put(row, column, text, look);
}
void Curses::clear() {
  if (auto* const screen = state_->screen()) screen->clear();
}
void Curses::refresh() {
  if (auto* const screen = state_->screen()) screen->refresh();
}
WindowSize Curses::size() const noexcept {
  auto* const screen = state_->screen();
  return screen != nullptr ? screen->size() : WindowSize();
}
void Curses::leave() { state_->leave(); }
void Curses::resume() { state_->resume(); }
void Curses::resized() { state_->resized(); }

void Curses::on_key(Fn<void(const Key&)> callback) { state_->take_keys(std::move(callback)); }
void Curses::on_key(const Event<Key>& event) {
  Self& self = state_->self();
  on_key([&self, &event](const Key& key) { self.yield(event, key); });
}
void Curses::on_error(Fn<void(const Error&)> callback) { state_->on_error.set(std::move(callback)); }

// ---- co_await

CursesKey Curses::key() { return CursesKey(state_); }

bool CursesKey::begin() {
  if (wheel_ == nullptr) {
    return refuse({Errc::closed, "read a key from", "a Curses", "it is empty: moved from or never made"});
  }
  if (wheel_->is_closed()) return refuse({Errc::closed, "read a key from", "a Curses", "the wheel is gone"});
  if (auto reason = wheel_->why_no_key()) return refuse(std::move(*reason));
  pend();
  wheel_->await_key(*this);
  return true;
}

void CursesKey::end() noexcept { wheel_->forget_reader(); }
std::string CursesKey::describe() const { return "a key from a Curses"; }

void CursesKey::give(const Key& key) noexcept {
  value_ = key;
  finish(Ending::done);
}

}  // namespace poe
