// SPDX-License-Identifier: MIT
//
// The wheel's side of co_await: one Task that waits for a record.
#include "poe/wheels/follow_tail_awaits.hpp"

#include <utility>

#include "follow_tail_state.hpp"

namespace poe {

TailRecord FollowTail::read() { return TailRecord(state_.get()); }

bool TailRecord::begin() {
  if (wheel_ == nullptr) {
    return refuse({Errc::closed, "read", "a FollowTail", "it is empty: moved from or never made"});
  }
  if (auto reason = wheel_->why_no_read()) return refuse(std::move(*reason));
  pend();
  wheel_->await_record(*this);
  return true;
}

void TailRecord::end() noexcept { wheel_->forget_reader(); }
std::string TailRecord::describe() const { return "a record from a FollowTail"; }

void TailRecord::give(std::string_view record) noexcept {
  value_ = std::string(record);
  finish(Ending::done);
}

std::optional<Error> FollowTail::State::why_no_read() const {
  const auto refused = [](Errc code, const char* why, const char* advice) {
    return Error(code, "read", "a FollowTail", why, advice);
  };
  if (on_record) {
    return refused(Errc::invalid_argument, "its records go to on_record", "make it without to read in a coroutine");
  }
  if (reader_ != nullptr) {
    return refused(Errc::invalid_argument, "another read() waits already", "read in one Task, and share what it gets");
  }
  if (stream_) return no_reading_of_streams();
  return dead_;
}

Error FollowTail::State::no_reading_of_streams() {
  return {Errc::not_supported, "read", "a FollowTail", "it follows a stream", "read that with a ReadWrite"};
}

void FollowTail::State::await_record(TailRecord& reader) {
  reader_ = &reader;
  look_later();
}

void FollowTail::State::tell_record(std::string_view record) {
  reader_ != nullptr ? reader_->give(record) : on_record(record);
}

void FollowTail::State::fail_reader() noexcept {
  if (reader_ != nullptr) reader_->fail(Error(Errc::closed, "wait for", "a FollowTail", "the wheel is gone"));
}

}  // namespace poe
