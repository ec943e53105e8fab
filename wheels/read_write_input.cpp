// SPDX-License-Identifier: MIT
//
// The reading half of ReadWrite: one read for each readiness, into memory that all wheels share, and records from it
// until the filter wants more, the budget is used up, or somebody pauses or drops the wheel.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <limits>

#include "poe/kernel.hpp"
#include "read_write_state.hpp"

namespace poe {
namespace {

constexpr unsigned kMaxNested = 16;  // a peer that switches protocols all the time must not use up the stack

}  // namespace

void ReadWrite::State::begin_reading() {
  auto watch = self_.watch(input_.get(), POE_READ, [this](std::uint32_t) { on_readable(); });
  if (!watch) {
    const Error& why = watch.error();
    fault_ = Error(why.code(), "watch", subject(input_.get()), why.reason(), why.advice());
    input_ended_ = true;
    hold_ = self_.keep_alive("ReadWrite");
    return;
  }
  read_watch_ = std::move(*watch);
  hold_.cancel();
}

void ReadWrite::State::on_readable() {
  Frame frame(*this);
  if (delivering_ > 0) {  // a nested timeslice of a re-entrant session: the outer one goes on when it is back
    nested_ = true;
    read_watch_.pause(POE_READ);
    return;
  }
  if (opening()) return static_cast<void>(read_wire());                   // whoever wants records
  if (!receives_ && !reader_waits()) return read_watch_.pause(POE_READ);  // until the next read()
  if (!reads() || held_) return;                                          // held: a turn that delivers is under way
  read_once();
}

bool ReadWrite::State::read_now() {
  Frame frame(*this);
  if (input_ended_ || closed_) return false;
  return held_ || !reads() || delivering_ > 0 || read_once();
}

// Whether there may be more.
bool ReadWrite::State::read_once() {
  if (layered() != nullptr) return read_wire();
  // On the stack, not in the wheel: idle wheels cost nothing, every wheel uses the same warm memory, and it is not
  // initialised.
  std::array<char, StreamDriver::kReadSize> bytes;
  const std::size_t size = std::clamp<std::size_t>(budget_.bytes, 1, bytes.size());
  const auto got = StreamDriver::read(input_, std::span(bytes).first(size));
  if (!got) {
    end_of_input(got.error());
    return false;
  }
  in_octets_ += *got;
  if (*got > 0) accept_bytes({bytes.data(), *got});
  if (!closed_) output_turn();
  return *got > 0;
}

void ReadWrite::State::accept_bytes(std::string_view bytes) {
  input_filter_->feed(bytes);
  records_left_ = std::max<std::uint32_t>(budget_.records, 1);
  deliver();
}

inline void ReadWrite::State::tell_record(std::string_view record) {
  if (reader_waits()) [[unlikely]]
    return give_view(record);
  receiver_->on_record(record);
}

inline bool ReadWrite::State::deliver_one() {
  --records_left_;
  const auto record = input_filter_->next();
  if (!record) [[unlikely]] {
    tell_read_error(record.error());
    return true;
  }
  if (!*record) return false;
  tell_record(**record);
  return true;
}

// Delivers while it may. On every way out, also when a callback throws, the filter keeps what it still has, because
// the bytes it was fed are about to go.
void ReadWrite::State::deliver() {
  struct Level {
    State& state;
    ~Level() { state.leave_level(); }
  } level{*this};
  ++delivering_;
  held_ = true;
  while (reads() && records_left_ > 0) {
    if (!deliver_one()) {
      held_ = false;
      break;
    }
  }
}

void ReadWrite::State::leave_level() {
  --delivering_;
  if (closed_) return;
  if (held_) input_filter_->keep();
  if (delivering_ == 0 && std::exchange(nested_, false) && reads()) read_watch_.resume(POE_READ);
}

Error ReadWrite::State::read_error(const Error& why) const {
  return {why.code(), "read", subject(input_.get()), why.message(), why.advice()};
}

void ReadWrite::State::tell_read_error(const Error& why) {
  reader_waits() ? give_record(failure(read_error(why))) : report(read_error(why));
}

void ReadWrite::State::end_of_input(const Error& error) {
  if (receives_ && error.code() == Errc::end_of_file && finish_at_end_) {
    deliver_unfinished();
    if (!is_heard() || input_ended_) return;
  }
  input_ended_ = true;
  // A broken connection is told once: what is put from here on fails with `closed`.
  if (error.code() == Errc::system && !separate_) output_failed_ = true;
  stop_reading();
  if (!receives_) rare().input_end = error;
  if (output_failed_) fail_outputs(error);
  if (receives_) {
    report(error);
  } else if (reader_waits()) {
    serve_reader();
  }
  if (!closed_) output_turn();
}

void ReadWrite::State::deliver_unfinished() {
  while (is_heard() && !input_ended_) {
    const auto record = input_filter_->finish();
    if (!record) {
      report(read_error(record.error()));
    } else if (*record) {
      receiver_->on_record(**record);
    } else {
      return;
    }
  }
}

// Whoever hears of the end decides what becomes of the session; with nobody to hear, nothing holds it any longer.
void ReadWrite::State::stop_reading() {
  if (callbacks_ != nullptr && !callbacks_->error_) return read_watch_.cancel();
  read_watch_.pause(POE_READ);
}

void ReadWrite::State::pause_input() noexcept {
  if (std::exchange(paused_, true) || opening()) return;
  read_watch_.pause(POE_READ);
}

void ReadWrite::State::resume_input() {
  Frame frame(*this);
  if (!std::exchange(paused_, false)) return;
  if (reader_waits()) return serve_reader();
  if (!reads()) return;
  read_watch_.resume(POE_READ);
}

void ReadWrite::State::shutdown_input() {
  if (std::exchange(input_ended_, true) || !input_) return;
  held_ = false;
  static_cast<void>(input_filter_->take_pending());
  if (reader_waits()) serve_reader();
  if (opening()) return;  // it still has to hear what the other side says about the layer
  if (separate_) {
    hold_ = self_.keep_alive("ReadWrite");
    read_watch_.cancel();
    input_.reset();
    return;
  }
  read_watch_.pause(POE_READ);
  const poe_sys& sys = input_.system();
  static_cast<void>(sys.shutdown(sys.ctx, input_.get(), SHUT_RD));  // no socket, or gone: reading has ended anyway
}

void ReadWrite::State::set_input_filter(AnyFilter filter) {
  Frame frame(*this);
  const std::string rest = input_filter_->take_pending();
  if (output_filter_ == nullptr) {
    output_filter_ = std::move(input_filter_);  // the object both ways shared goes on as the output's
  } else {
    retire(std::move(input_filter_));
  }
  input_filter_ = or_lines(std::move(filter));
  hand_over(rest);
}

void ReadWrite::State::set_filter(AnyFilter filter) {
  Frame frame(*this);
  const std::string rest = input_filter_->take_pending();
  retire(std::move(input_filter_));
  retire(std::move(output_filter_));
  input_filter_ = or_lines(std::move(filter));
  hand_over(rest);
}

void ReadWrite::State::hand_over(std::string_view rest) {
  if (rest.empty()) return;
  input_filter_->feed(rest);
  const bool ours = self_.kernel().current() == self_.id();
  if (!ours || !reads() || delivering_ >= kMaxNested) {
    held_ = true;
    input_filter_->keep();
    return;
  }
  const std::uint32_t left = delivering_ > 0 ? records_left_ : budget_.records;
  records_left_ = std::numeric_limits<std::uint32_t>::max();  // bounded by what the old filter held
  deliver();
  records_left_ = left;
}

}  // namespace poe
