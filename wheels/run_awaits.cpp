// SPDX-License-Identifier: MIT
//
// The wheel's side of co_await.
#include "poe/wheels/run_awaits.hpp"

#include <utility>

#include "run_state.hpp"

namespace poe {
namespace {

// What an empty wheel answers: the error `closed`.
ReadWrite& none_of(ReadWrite&& empty) noexcept { return empty; }

}  // namespace

RecordAwait Run::read_stdout() {
  ReadWrite* const wheel = state_ ? state_->wheel(ChildStream::output) : nullptr;
  return wheel != nullptr ? wheel->read() : none_of(ReadWrite()).read();
}
RecordAwait Run::read_stderr() {
  ReadWrite* const wheel = state_ ? state_->wheel(ChildStream::errors) : nullptr;
  return wheel != nullptr ? wheel->read() : none_of(ReadWrite()).read();
}
OutputAwait Run::flushed_stdin() {
  ReadWrite* const wheel = state_ ? state_->wheel(ChildStream::input) : nullptr;
  return wheel != nullptr ? wheel->flushed() : none_of(ReadWrite()).flushed();
}
OutputAwait Run::drained_stdin() {
  ReadWrite* const wheel = state_ ? state_->wheel(ChildStream::input) : nullptr;
  return wheel != nullptr ? wheel->drained() : none_of(ReadWrite()).drained();
}
ProcessExit Run::exited() { return ProcessExit(state_.get()); }

bool ProcessExit::begin() {
  if (wheel_ == nullptr) return refuse({Errc::closed, "wait for", "a Run", "it is empty: moved from or never made"});
  wheel_->failure_seen = true;
  if (wheel_->failed) return refuse(*wheel_->failed);
  if (wheel_->status) {
    value_ = *wheel_->status;
    return ended(Ending::done);
  }
  pend();
  wheel_->await_exit(*this);
  return true;
}

void ProcessExit::end() noexcept { wheel_->forget(*this); }
std::string ProcessExit::describe() const { return "the end of process " + std::to_string(wheel_->pid); }

}  // namespace poe
