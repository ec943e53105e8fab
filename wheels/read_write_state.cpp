// SPDX-License-Identifier: MIT
//
// Life of the pinned part: made, used by frames and tickets, closed, freed.
#include "read_write_state.hpp"

#include <algorithm>

namespace poe {
namespace {

StreamDriverOptions driver_options(const ReadWriteOptions& options) {
  StreamDriverOptions driver;
  driver.max_queued = options.output_limit;
  return driver;
}

// Terminals stay blocking: their mode is shared with the shell and whatever else writes there, and one read per
// readiness does not block. Everything else that was inherited must not block.
void make_non_blocking(const Fd& fd) {
  if (!fd) return;
  const poe_sys& sys = fd.system();
  if (fd.get() <= 2 && sys.kind(sys.ctx, fd.get()) == POE_KIND_TERMINAL) return;
  static_cast<void>(sys.prepare(sys.ctx, fd.get()));  // a bad descriptor is told by the watch
}

}  // namespace

std::unique_ptr<Filter> or_lines(AnyFilter filter) {
  std::unique_ptr<Filter> given = std::move(filter).take();
  return given ? std::move(given) : std::make_unique<LineFilter>();
}

CallbackReceiver::CallbackReceiver(ReadWriteOptions& options)
    : record_(std::move(options.on_record)),
      error_(std::move(options.on_error)),
      flushed_(std::move(options.on_flushed)),
      high_(std::move(options.on_high)),
      low_(std::move(options.on_low)),
      secured_(std::move(options.on_secured)) {}

ReadWrite::State::State(Self& self, ReadWriteOptions&& options)
    : self_(self),
      receiver_(options.receiver),
      input_filter_(or_lines(std::move(options.filter))),
      output_filter_(std::move(options.output_filter).take()),
      input_(std::move(options.input)),
      output_(std::move(options.output)),
      out_(driver_options(options)),
      high_water_(std::max<std::size_t>(options.high_water, 1)),
      low_water_(std::min(options.low_water, high_water_)),
      output_limit_(options.output_limit),
      budget_(options.budget),
      separate_(options.separate),
      auto_flush_(options.auto_flush),
      finish_at_end_(options.deliver_unfinished),
      receives_(options.receiver != nullptr || options.on_record) {
  if (receiver_ == nullptr) {
    callbacks_ = std::make_unique<CallbackReceiver>(options);
    receiver_ = callbacks_.get();
  }
  make_non_blocking(input_);
  make_non_blocking(output_);
  Frame frame(*this);
  if (receives_ && input_) {
    begin_reading();
  } else {
    hold_ = self_.keep_alive("ReadWrite");
  }
  if (options.layer) begin_layer(std::move(options.layer), {});
}

void ReadWrite::State::close() {
  closed_ = true;
  if (layered() != nullptr) say_goodbye();
  fail_awaits(Error(Errc::closed, "wait for", "a ReadWrite", "the wheel is gone"));
  read_watch_.cancel();
  write_watch_.cancel();
  hold_.cancel();
  input_.reset();
  output_.reset();
  free_if_unused();
}

void ReadWrite::State::leave() {
  if (closed_) return free_if_unused();
  if (rare_) rare_->retired = {};
  if (wants_turn()) schedule();
}

// Callables and filters go as soon as nobody runs in them; the memory itself when no queued turn points here.
void ReadWrite::State::free_if_unused() {
  if (!closed_ || frames_ > 0) return;
  if (tickets_ == 0) {
    delete this;
    return;
  }
  ++frames_;  // what they own may call us
  callbacks_.reset();
  if (rare_) {
    rare_->retired = {};
    rare_->layered.reset();
  }
  input_filter_.reset();
  output_filter_.reset();
  out_.clear();
  --frames_;
}

void ReadWrite::State::return_ticket() {
  --tickets_;
  free_if_unused();
}

void ReadWrite::State::schedule() {
  if (scheduled_) return;
  scheduled_ = true;
  self_.defer(Ticket(*this));
}

bool ReadWrite::State::wants_turn() const noexcept { return dirty_ || fault_ || (held_ && reads()) || layer_end_due(); }

void ReadWrite::State::turn() {
  scheduled_ = false;
  if (closed_) return;
  Frame frame(*this);
  if (held_ && reads() && delivering_ == 0) {
    records_left_ = budget_.records;
    deliver();
  }
  if (!closed_) tell_layer_end();
  if (!closed_) output_turn();
}

void ReadWrite::State::report(const Error& error) { receiver_->on_error(error); }

void ReadWrite::State::callbacks_changed() {
  const bool receives = static_cast<bool>(callbacks_->record_);
  if (receives == receives_) return;
  receives_ = receives;
  if (!receives) return opening() ? void() : read_watch_.pause(POE_READ);
  if (read_watch_) {
    if (reads()) read_watch_.resume(POE_READ);
  } else if (input_ && !input_ended_) {
    begin_reading();
    if (paused_) read_watch_.pause(POE_READ);
  }
}

void ReadWrite::State::set_water_marks(std::size_t high, std::size_t low) noexcept {
  high_water_ = std::max<std::size_t>(high, 1);
  low_water_ = std::min(low, high_water_);
}

}  // namespace poe
