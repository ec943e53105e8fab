// SPDX-License-Identifier: MIT
//
// The writing half of ReadWrite: put() queues; the end of the turn writes once; a short write arms the write watch.
#include <sys/socket.h>

#include <algorithm>
#include <limits>

#include "read_write_state.hpp"

namespace poe {

inline Output ReadWrite::State::was_put() {
  unflushed_ = true;
  std::size_t waiting = queued();
  if (waiting >= high_water_ && !high_) high_ = tell_high_ = true;
  if (auto_flush_ && !blocked_) [[unlikely]] {
    write_now();
    waiting = queued();
  }
  dirty_ = dirty_ || !blocked_ || tell_high_;
  return waiting >= high_water_ ? Output::high : Output::flowing;
}

[[gnu::cold]] Result<void> ReadWrite::State::why_no_put() const {
  if (!output_failed_ && !output_ending_) return {};
  return failure(Errc::closed, "write", subject(output_fd()),
                 output_failed_ ? "writing has failed before" : "the output has been shut down");
}

// The short way of most of many small records: nothing of it can fail or tell anybody, and the turn that writes is
// certain to come.
inline bool ReadWrite::State::put_at_once(std::string_view record) noexcept {
  const bool plain = !output_failed_ && !output_ending_ && !auto_flush_ && layered() == nullptr;
  if (!plain || (frames_ == 0 && !scheduled_)) return false;
  const std::string_view* const ending = output_filter().ending();
  if (ending == nullptr || out_.octets() + record.size() + ending->size() >= high_water_) return false;
  if (!out_.put_at_once(record, *ending)) return false;
  unflushed_ = true;
  dirty_ |= !blocked_;
  return true;
}

Result<Output> ReadWrite::put(std::string_view record) {
  if (state_ == nullptr) return failure(no_wheel("write"));
  return state_->put_at_once(record) ? Output::flowing : state_->put(record);
}

Result<Output> ReadWrite::State::put(std::string_view record) {
  if (output_failed_ || output_ending_) return failure(why_no_put().error());
  Frame frame(*this);
  if (const std::string_view* const ending = layered() != nullptr ? nullptr : output_filter().ending()) {
    if (!out_.put(record, *ending)) return refuse(record);
  } else if (auto queued = encode(record); !queued) {
    return failure(queued.error());
  }
  return was_put();
}

Result<void> ReadWrite::check_file(const Fd& file, std::uint64_t offset, std::uint64_t size) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const poe_sys& sys = file.system();
  if (!file || sys.kind(sys.ctx, file.get()) != POE_KIND_REGULAR) {
    return failure(Errc::invalid_argument, "write", "a file", "it is no open regular file",
                   "read it, and put() what comes");
  }
  if (offset <= kMost && size <= kMost - offset) return {};
  return failure(Errc::invalid_argument, "write", "a file", "no file has octets there");
}

Result<Output> ReadWrite::State::put_file(Fd file, std::uint64_t offset, std::uint64_t size) {
  if (auto may = why_no_put(); !may) return failure(may.error());
  if (auto may = check_file(file, offset, size); !may) return failure(may.error());
  Frame frame(*this);
  if (layered() != nullptr) {
    layered()->put_file(std::move(file), offset, size);
  } else {
    out_.put_file(std::move(file), offset, size);
  }
  return was_put();
}

// Straight into the queue: no copy but the filter's own.
Result<void> ReadWrite::State::encode(std::string_view record) {
  if (layered() != nullptr) return encode_plain(record);
  bool encoded = false;
  auto queued = out_.compose([&](std::string& chunk) {
    auto done = output_filter().encode(record, chunk);
    encoded = done.has_value();
    return done;
  });
  if (!queued && encoded) return refuse(record);
  return queued;
}

[[gnu::cold]] tl::unexpected<Error> ReadWrite::State::refuse(std::string_view record) {
  output_filter().forget_encoded();
  Error error(Errc::limit, "write", subject(output_fd()),
              "a record of " + std::to_string(record.size()) + " octets does not fit: " + std::to_string(queued()) +
                  " wait already, the limit is " + std::to_string(output_limit_),
              "wait for on_low or on_flushed, drop this peer, or raise output_limit");
  if (!std::exchange(told_limit_, true) && !fault_) fault_ = error;
  return failure(std::move(error));
}

void ReadWrite::State::flush() {
  Frame frame(*this);
  if (output_ended_ || (layered() != nullptr && layered()->failed)) return;
  output_failed_ = false;
  write_now();
  dirty_ = true;
  unflushed_ = unflushed_ || (layered() != nullptr && queued() > 0);  // who asks is told, also of the layer's own words
}

void ReadWrite::State::output_turn() {
  if (!dirty_ && !fault_) return;
  if (std::exchange(tell_high_, false) && is_heard()) {
    receiver_->on_high();
    if (closed_) return;
  }
  dirty_ = false;
  if (!blocked_) write_now();
  report_output();
}

void ReadWrite::State::write_now() {
  if (output_failed_ || output_ended_) return;
  const auto left = flush_some();
  if (!left) {
    output_failed_ = true;
    fault_ = left.error();
    want_writable(false);
    return;
  }
  want_writable(*left > 0);
  if (*left == 0 && output_ending_ && (layered() == nullptr || layered()->said_end)) finish_output();
}

Result<std::size_t> ReadWrite::State::flush_some() {
  return layered() != nullptr ? flush_layer() : out_.flush(separate_ ? output_ : input_);
}

void ReadWrite::State::on_writable() {
  Frame frame(*this);
  write_now();
  report_output();
}

void ReadWrite::State::want_writable(bool want) {
  if (want == blocked_) return;
  blocked_ = want;
  if (!want) return write_watch_.pause(POE_WRITE);
  if (write_watch_) return write_watch_.resume(POE_WRITE);
  auto watch = self_.watch(output_fd(), POE_WRITE, [this](std::uint32_t) { on_writable(); });
  if (watch) {
    write_watch_ = std::move(*watch);
    return;
  }
  blocked_ = false;
  output_failed_ = true;
  const Error& why = watch.error();
  fault_ = Error(why.code(), "watch", subject(output_fd()), why.reason(), why.advice());
}

// Low before flushed (P116). Each callback may drop the wheel, or end the session; what is left to tell when one throws
// is told in the next turn.
void ReadWrite::State::report_output() {
  if (!is_heard()) return;
  struct Rest {
    State& state;
    bool owed = true;
    ~Rest() { state.dirty_ = state.dirty_ || owed; }
  } rest{*this};
  if (fault_) {
    const Error error = *std::exchange(fault_, std::nullopt);
    if (output_failed_) fail_outputs(error);
    report(error);
    if (!is_heard()) return;
  }
  if (queued() <= low_water_) {
    told_limit_ = false;
    if (std::exchange(high_, false)) {
      receiver_->on_low();
      if (!is_heard()) return;
    }
  }
  rest.owed = false;
  if (rare_) settle_outputs();
  if (queued() == 0 && std::exchange(unflushed_, false)) receiver_->on_flushed();
}

void ReadWrite::State::set_output_filter(AnyFilter filter) {
  Frame frame(*this);
  retire(std::move(output_filter_));
  output_filter_ = or_lines(std::move(filter));
}

void ReadWrite::State::shutdown_output() {
  if (std::exchange(output_ending_, true)) return;
  if (layered() != nullptr && !output_failed_) {  // its end has to be said first
    Frame frame(*this);
    dirty_ = true;
    return write_now();
  }
  if (out_.octets() == 0 || output_failed_) finish_output();
}

void ReadWrite::State::finish_output() {
  output_ended_ = true;
  blocked_ = false;
  write_watch_.cancel();
  if (separate_) {
    if (!hold_ && !read_watch_) hold_ = self_.keep_alive("ReadWrite");
    output_.reset();
    return;
  }
  const poe_sys& sys = input_.system();
  static_cast<void>(sys.shutdown(sys.ctx, input_.get(), SHUT_WR));  // no socket, or gone: nothing left to say
}

}  // namespace poe
