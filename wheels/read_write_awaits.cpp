// SPDX-License-Identifier: MIT
//
// The wheel's side of co_await: one Task that waits for a record, any number that wait for the output.
#include "poe/wheels/read_write_awaits.hpp"

#include "read_write_state.hpp"

namespace poe {

RecordAwait ReadWrite::read() { return RecordAwait(state_); }
OutputAwait ReadWrite::flushed() { return {state_, OutputAwait::Goal::all}; }
OutputAwait ReadWrite::drained() { return {state_, OutputAwait::Goal::low}; }
OutputAwait ReadWrite::secured() { return {state_, OutputAwait::Goal::open}; }

// ---- a record

bool RecordAwait::begin() {
  if (wheel_ == nullptr) return refuse(no_wheel("read"));
  if (auto reason = wheel_->why_no_read()) return refuse(std::move(*reason));
  if (auto ready = wheel_->take_record()) {
    if (!*ready) return refuse(ready->error());
    value_ = std::move(**ready);
    return ended(Ending::done);
  }
  pend();
  wheel_->await_record(*this);
  return true;
}

void RecordAwait::end() noexcept { wheel_->forget_reader(); }
std::string RecordAwait::describe() const { return "a record from a ReadWrite"; }

void RecordAwait::give(Result<std::string> record) noexcept {
  if (!record) return fail(std::move(record.error()));
  value_ = std::move(*record);
  finish(Ending::done);
}

ReadWrite::State::Rare& ReadWrite::State::rare() {
  if (rare_ == nullptr) rare_ = std::make_unique<Rare>();
  return *rare_;
}

std::optional<Error> ReadWrite::State::why_no_read() {
  const auto refused = [this](Errc code, const char* why, const char* advice) {
    return Error(code, "read", subject(input_.get()), why, advice);
  };
  if (receives_) {
    return refused(Errc::invalid_argument, "its records go to on_record or to a receiver",
                   "make the wheel without them to read in a coroutine");
  }
  if (rare().reader != nullptr) {
    return refused(Errc::invalid_argument, "another read() waits already", "read in one Task, and share what it gets");
  }
  if (!input_ && !input_ended_) return refused(Errc::closed, "the wheel was made without an input", "");
  return std::nullopt;
}

// What the filter holds goes first, then why the input has ended.
std::optional<Result<std::string>> ReadWrite::State::take_record() {
  const auto outcome = [this](const Result<std::optional<std::string_view>>& record) {
    return record ? Result<std::string>(**record) : failure(read_error(record.error()));
  };
  if (paused_ && !input_ended_) return std::nullopt;
  if (held_) {
    const auto record = input_filter_->next();
    if (!record || *record) return outcome(record);
    held_ = false;
  }
  if (!input_ended_) return std::nullopt;
  if (!rare_->input_end) return failure(Errc::closed, "read", subject(input_.get()), "its input has been shut down");
  if (finish_at_end_ && rare_->input_end->code() == Errc::end_of_file) {
    const auto record = input_filter_->finish();
    if (!record || *record) return outcome(record);
  }
  return failure(*rare_->input_end);
}

void ReadWrite::State::await_record(RecordAwait& reader) {
  rare_->reader = &reader;
  if (!paused_) serve_reader();
}

void ReadWrite::State::serve_reader() {
  if (auto ready = take_record()) return give_record(std::move(*ready));
  if (read_watch_) return read_watch_.resume(POE_READ);
  begin_reading();
  if (!input_ended_) return;
  rare_->input_end = std::exchange(fault_, std::nullopt);
  give_record(failure(*rare_->input_end));
}

void ReadWrite::State::give_view(std::string_view record) { give_record(std::string(record)); }
void ReadWrite::State::give_record(Result<std::string> record) noexcept { rare_->reader->give(std::move(record)); }

// ---- the output

bool OutputAwait::begin() {
  if (wheel_ == nullptr) return refuse(no_wheel("write"));
  if (auto reason = wheel_->why_no_output(goal_)) return refuse(std::move(*reason));
  if (wheel_->reached(goal_)) return ended(Ending::done);
  pend();
  wheel_->await_output(*this);
  return true;
}

void OutputAwait::end() noexcept { wheel_->forget_output(*this); }

std::string OutputAwait::describe() const {
  if (goal_ == Goal::open) return "a ReadWrite's layer to be open";
  return goal_ == Goal::all ? "a ReadWrite to have written all" : "a ReadWrite's output to fall to the low mark";
}

std::optional<Error> ReadWrite::State::why_no_output(OutputAwait::Goal goal) const {
  if (goal == OutputAwait::Goal::open && layered() == nullptr) {
    return Error(Errc::invalid_argument, "wait for", "the layer of a ReadWrite", "it has none", "secure() it first");
  }
  if (!output_failed_) return std::nullopt;
  return fault_ ? *fault_ : Error(Errc::closed, "write", subject(output_fd()), "writing has failed before");
}

bool ReadWrite::State::reached(OutputAwait::Goal goal) const noexcept {
  if (goal == OutputAwait::Goal::open) return layered()->told_open;
  return queued() <= (goal == OutputAwait::Goal::all ? 0 : low_water_);
}

void ReadWrite::State::settle_outputs() noexcept {
  rare_->outputs.each([this](OutputAwait& waiter) {
    if (reached(waiter.goal_)) waiter.finish(OutputAwait::Ending::done);
  });
}

void ReadWrite::State::fail_outputs(const Error& error) noexcept {
  if (rare_ != nullptr) rare_->outputs.fail_all(error);
}

void ReadWrite::State::fail_awaits(const Error& error) noexcept {
  if (reader_waits()) give_record(failure(error));
  fail_outputs(error);
}

}  // namespace poe
