// SPDX-License-Identifier: MIT
#include "poe/wheels/read_line.hpp"

#include <cerrno>
#include <utility>

#include "poe/wheels/read_line_awaits.hpp"
#include "read_line_state.hpp"

namespace poe {

bool was_interrupted(const Error& error) noexcept { return error.code() == Errc::system && error.number() == EINTR; }

ReadLine::ReadLine() noexcept = default;
ReadLine::ReadLine(Self& self, ReadLineOptions options) : state_(std::make_shared<State>(self, std::move(options))) {}
ReadLine::ReadLine(ReadLine&& other) noexcept = default;

ReadLine& ReadLine::operator=(ReadLine&& other) noexcept {
  if (this != &other) {
    const auto former = std::exchange(state_, std::exchange(other.state_, nullptr));
    if (former) former->close();
  }
  return *this;
}

ReadLine::~ReadLine() {
  if (const auto state = std::exchange(state_, nullptr)) state->close();
}

bool ReadLine::is_terminal() const noexcept { return state_->is_terminal(); }
const std::optional<Error>& ReadLine::open_error() const noexcept { return state_->open_error(); }

void ReadLine::get(LinePrompt prompt, Fn<void(Answer)> done) {
  state_->ask(std::move(prompt), std::move(done), State::AtClose::silent);
}
void ReadLine::get(LinePrompt prompt, const Event<Answer>& event) {
  Self& self = state_->self();
  get(std::move(prompt), [&self, &event](Answer answer) { self.yield(event, std::move(answer)); });
}
void ReadLine::get(LinePrompt prompt) {
  State* const state = state_.get();  // which calls it
  get(std::move(prompt), [state](Answer answer) { state->on_line(std::move(answer)); });
}
void ReadLine::cancel() { state_->cancel(); }
bool ReadLine::asking() const noexcept { return state_->asking(); }

void ReadLine::put(std::string_view lines) { state_->put(lines, true); }
void ReadLine::put_raw(std::string_view lines) { state_->put(lines, false); }
void ReadLine::clear() { state_->clear_screen(); }

void ReadLine::add_history(std::string_view line) { state_->history().add(line); }
const std::deque<std::string>& ReadLine::history() const noexcept { return state_->history().lines(); }
void ReadLine::clear_history() { state_->history().clear(); }
void ReadLine::set_history_limit(std::size_t lines) { state_->history().set_limit(lines); }
Result<void> ReadLine::load_history(const std::string& path) { return state_->history().load(path); }
Result<void> ReadLine::save_history(const std::string& path) const { return state_->history().save(path); }

Result<void> ReadLine::command(const std::vector<std::string>& words) { return state_->command(words); }
WindowSize ReadLine::size() const noexcept { return state_->size(); }
void ReadLine::resized() { state_->resized(); }
void ReadLine::on_line(Fn<void(Answer)> callback) { state_->on_line.set(std::move(callback)); }
void ReadLine::on_complete(Fn<std::vector<std::string>(const LineCompletion&)> callback) {
  state_->set_complete(std::move(callback));
}

// ---- co_await

LineRead ReadLine::read(LinePrompt prompt) { return {state_, std::move(prompt)}; }

bool LineRead::begin() {
  if (wheel_ == nullptr) {
    return refuse({Errc::closed, "read a line", "", "the wheel is empty: moved from or never made"});
  }
  if (wheel_->is_closed()) return refuse({Errc::closed, "read a line", "", "the wheel is gone"});
  if (wheel_->asking()) {
    return refuse(
        {Errc::invalid_argument, "read a line", "", "one is asked for already", "wait for that, or cancel()"});
  }
  pend();
  asked_ = true;
  wheel_->ask(
      std::move(prompt_), [this](Result<std::string> answer) { give(std::move(answer)); },
      ReadLine::State::AtClose::tell);
  return true;
}

void LineRead::end() noexcept {
  if (std::exchange(asked_, false)) wheel_->forget();
}

std::string LineRead::describe() const { return "a line from a ReadLine"; }

void LineRead::give(Result<std::string> answer) noexcept {
  asked_ = false;
  if (!answer) return fail(std::move(answer.error()));
  value_ = std::move(*answer);
  finish(Ending::done);
}

}  // namespace poe
