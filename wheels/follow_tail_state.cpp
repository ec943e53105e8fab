// SPDX-License-Identifier: MIT
//
// FollowTail at work: one look reads once; while there is something, the next look follows in the next turn (P148).
#include "follow_tail_state.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "poe/wheels/stream_driver.hpp"
#include "read_write_state.hpp"

namespace poe {

void FollowTail::State::look_later() {
  if (std::exchange(look_again_, true)) return;
  self_.defer([self = shared_from_this()] {
    self->look_again_ = false;
    self->look();
  });
}

void FollowTail::State::look() {
  if (!is_heard()) return;
  if (looking_) return look_later();  // a nested timeslice: the outer one goes on when it is back
  struct Level {
    State& state;
    ~Level() { state.looking_ = false; }
  };
  const auto alive = shared_from_this();
  const Level level{*this};
  looking_ = true;
  try {
    look_once();
  } catch (...) {  // a callback: what it left is looked at again
    if (!closed_) look_later();
    throw;
  }
}

void FollowTail::State::look_once() {
  if (fault_) {
    on_error(*std::exchange(fault_, std::nullopt));
    if (!is_heard()) return;
  }
  if (dead_) return;
  if (held_ && wants()) {
    deliver();
    return is_heard() ? look_later() : void();
  }
  const Behind now = behind_name();
  if (now != Behind::known && stream_facts_) return leave_stream();
  const bool leave = now == Behind::stream && !files_.empty();  // not before the file is read to its end
  if (now != Behind::known && !leave) open_name();
  if (!is_heard()) return;
  if (std::exchange(found_, false)) {  // P145
    on_reset();
    if (!is_heard()) return;
  }
  if (files_.empty() || !wants()) return wait();
  read_front(leave);
}

void FollowTail::State::read_front(bool leave) {
  std::array<char, StreamDriver::kReadSize + FollowedFile::kKnown> buffer;
  const std::size_t most = std::clamp<std::size_t>(budget_.bytes, 1, StreamDriver::kReadSize);
  // Before it is read: then what was written before its successor got something cannot be missed.
  const bool ends_here = leave || successor_has_data();
  const auto found = files_.front().read(buffer, most);
  if (!found) {
    complain(found.error());
    return is_heard() ? wait() : void();
  }
  complained_ = 0;
  if (found->look == FollowedFile::Look::rewritten) return restart();
  if (found->look == FollowedFile::Look::at_end) return ends_here ? next_file() : wait();
  quiet_ = false;
  look_later();
  accept(found->bytes);
}

bool FollowTail::State::successor_has_data() const {
  return files_.size() > 1 &&
         std::any_of(files_.begin() + 1, files_.end(), [](const FollowedFile& file) { return file.has_data(); });
}

// From the top: it was truncated, perhaps written anew (P142).
void FollowTail::State::restart() {
  quiet_ = false;
  look_later();
  if (deliver_unfinished() || !is_heard() || files_.empty()) return;
  files_.front().seek(0);
  on_reset();
}

// The name is another file's now, and the one before is read to its end (P143).
void FollowTail::State::next_file() {
  quiet_ = false;
  look_later();
  if (deliver_unfinished() || !is_heard()) return;
  notice_.remove(files_.front().notice);
  files_.pop_front();
  if (!files_.empty()) on_reset();
}

// The same for a stream: what is in it and nobody asked for stays there, and what others go on to write.
void FollowTail::State::leave_stream() {
  constexpr std::uint64_t kMostHeld = 2U << 20;  // more than a FIFO holds, unless root made it larger
  if (paused_) return wait();
  quiet_ = false;
  look_later();
  if (!stream_most_) stream_most_ = stream_.in_octets() + kMostHeld;
  if (on_record && stream_.in_octets() < *stream_most_ && stream_.read_now()) return;
  if (is_heard() && on_record) deliver_unfinished_of_stream();
  if (!is_heard()) return;
  stream_ = ReadWrite();
  stream_facts_.reset();
  stream_most_.reset();  // open_name() and on_reset follow in the next look
}

// ---- records

void FollowTail::State::accept(std::string_view bytes) {
  filter_->feed(bytes);
  deliver();
}

// On every way out, also when a callback throws, the filter keeps what it still has: the bytes are about to go.
void FollowTail::State::deliver() {
  struct Level {
    State& state;
    ~Level() {
      if (state.held_) state.filter_->keep();
    }
  };
  const Level level{*this};
  held_ = true;
  for (std::uint32_t left = std::max<std::uint32_t>(budget_.records, 1); left > 0 && is_heard() && wants(); --left) {
    const auto filter = filter_;  // may be replaced meanwhile; the record is a view into it
    const auto record = filter->next();
    if (!record) {
      tell_read_error(record.error());
    } else if (!*record) {
      held_ = false;
      return;
    } else {
      tell_record(**record);
    }
  }
}

// Whether a Task got something: it runs later, and only then comes what follows, in the look that its next read() asks
// for.
bool FollowTail::State::deliver_unfinished() {
  const bool awaited = reader_ != nullptr;
  while (deliver_unfinished_ && is_heard()) {
    const auto filter = filter_;
    const auto record = filter->finish();
    if (!record) {
      tell_read_error(record.error());
    } else if (!*record) {
      break;
    } else {
      tell_record(**record);
    }
  }
  filter_->reset();
  return awaited && reader_ == nullptr;
}

void FollowTail::State::deliver_unfinished_of_stream() {
  while (deliver_unfinished_ && is_heard() && !paused_) {
    const auto record = stream_.input_filter().finish();
    if (!record) {
      tell_read_error(record.error());
    } else if (!*record) {
      return;
    } else {
      tell_record(std::string(**record));  // a copy: the callback may replace the filter
    }
  }
}

void FollowTail::State::tell_read_error(const Error& why) {
  on_error(Error(why.code(), "read", path_.empty() ? "a file" : "\"" + path_ + "\"", why.message(), why.advice()));
}

// ---- waiting

bool FollowTail::State::needs_polling() const noexcept {
  if (stream_ && path_.empty()) return false;
  if (!path_.empty() && (astray_ || !name_told_)) return true;
  if (!notice_watch_ || (files_.empty() && !stream_) || files_.size() > 1) return true;
  return !stream_ && files_.front().notice < 0;
}

void FollowTail::State::wait() {
  const bool idles = on_idle && !stream_;
  if (!needs_polling() && !idles) return timer_.cancel();
  if (!timer_) {
    timer_ = self_.after(poll_interval_, [this] { on_timer(); });
  } else if (!quiet_) {
    static_cast<void>(timer_.restart(poll_interval_));
  }
  quiet_ = true;
}

void FollowTail::State::on_timer() {
  const auto alive = shared_from_this();
  if (looking_) return look_later();
  look();
  if (is_heard() && quiet_ && !paused_ && !stream_) on_idle();
}

// ---- what the handle asks for

void FollowTail::State::take_records(Fn<void(std::string_view)> callback) {
  const bool first = !on_record;
  on_record.set(std::move(callback));
  if (first && stream_) stream_.on_record(record_of_stream());
  if (first) look_later();
}

void FollowTail::State::pause() noexcept {
  paused_ = true;
  if (stream_) stream_.pause_input();
}

void FollowTail::State::resume() {
  if (!std::exchange(paused_, false)) return;
  if (stream_) stream_.resume_input();
  look_later();
}

void FollowTail::State::set_filter(AnyFilter filter) {
  const std::string rest = filter_->take_pending();
  filter_ = or_lines(std::move(filter));
  if (stream_) return stream_.set_input_filter(filter_->clone());
  filter_->feed(rest);
  filter_->keep();
  held_ = true;
  if (!looking_) look_later();
}

std::uint64_t FollowTail::State::tell() const noexcept {
  if (files_.empty()) return 0;
  return files_.front().offset() - std::min<std::uint64_t>(files_.front().offset(), filter_->pending_size());
}

void FollowTail::State::close() {
  closed_ = true;
  fail_reader();
  notice_watch_.cancel();
  timer_.cancel();
  hold_.cancel();
  stream_ = ReadWrite();
  notice_ = FileNotice();
  files_.clear();
}

}  // namespace poe
