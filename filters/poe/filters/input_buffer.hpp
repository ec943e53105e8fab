// SPDX-License-Identifier: MIT
//
// InputBuffer: the undelivered bytes of a filter, for writers of filters. They are in two pieces: `held`, the filter's
// own copy of a record that is not complete yet, and after it `fed`, the caller's bytes, which are only looked at.
// Whole records in `fed` are never copied. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "poe/export.hpp"

namespace poe {

/// Empties a text that the record delivered last was a view of; the memory of a large one is freed. To be called at the
/// start of next(): ten thousand idle connections are not to sit on their largest record each.
POE_API void let_go(std::string& text) noexcept;

class POE_API InputBuffer {
 public:
  /// @param limit  octets that feed() and keep() may copy into the buffer
  explicit InputBuffer(std::size_t limit) noexcept : limit_(limit) {}

  /// Looks at `bytes` next; a rest of the former ones is copied first.
  void feed(std::string_view bytes);
  /// Copies the fed bytes behind the held ones. Over the limit the surplus, and all that is fed
  /// until clear(), is dropped: see overflow().
  void keep();

  std::string_view held() const noexcept { return std::string_view(held_).substr(begin_); }
  std::string_view fed() const noexcept { return {fed_, static_cast<std::size_t>(fed_end_ - fed_)}; }
  std::size_t size() const noexcept { return held_.size() - begin_ + fed().size(); }
  bool empty() const noexcept { return size() == 0; }
  /// The first byte; the buffer must not be empty.
  char front() const noexcept { return begin_ < held_.size() ? held_[begin_] : *fed_; }

  /// Drops bytes at the front: of `held` if there are any, else of `fed`. Views of them stay valid until one of
  /// feed(), keep(), borrow(), settle() and clear().
  void consume(std::size_t count) noexcept {
    if (begin_ < held_.size()) {
      begin_ += count;
    } else {
      fed_ += count;
    }
  }
  /// consume() where nothing is held.
  void consume_fed(std::size_t count) noexcept { fed_ += count; }
  /// Whether nothing is held, and settle() would do nothing.
  bool holds_nothing() const noexcept { return !holding_; }
  /// Drops `count` bytes behind the first `at`, for a filter that keeps what is before them. Not while borrowed.
  void drop(std::size_t at, std::size_t count);
  /// Copies up to `count` bytes from the front of `fed` to the end of `held`, whatever the limit.
  void borrow(std::size_t count);
  /// Returns what was borrowed behind the first `count` bytes of `held`.
  void give_back_after(std::size_t count) noexcept;
  /// To be called before looking for the next record: lets go of memory that delivered records still used.
  void settle() noexcept {
    if (holding_ && begin_ == held_.size()) release();
  }

  /// Bytes were dropped at the limit: behind those that are here there is a gap. clear() ends that.
  bool overflow() const noexcept { return overflow_; }
  std::size_t limit() const noexcept { return limit_; }

  /// All bytes, oldest first; none stay. Views of consumed bytes stay valid.
  std::string take();
  void clear() noexcept;
  /// For a filter that gave up: drops all bytes, and all that is fed from now on, for good. Views of consumed bytes
  /// stay valid as long as in consume().
  void stop() noexcept;
  bool stopped() const noexcept { return stopped_; }

 private:
  void look_at(std::string_view bytes) noexcept {
    fed_ = bytes.data();
    fed_end_ = bytes.data() + bytes.size();
  }
  void hold(std::string_view bytes);
  void release() noexcept;

  std::string held_;
  std::size_t begin_ = 0;     // of held_: what is before it was consumed
  std::size_t borrowed_ = 0;  // bytes at the end of held_ that lie just before fed_
  // Why no string_view: to consume, one of the two changes. That counts where records are short.
  const char* fed_ = nullptr;
  const char* fed_end_ = nullptr;
  std::size_t limit_;
  bool holding_ = false;  // held_ has octets, or had some that may still be looked at
  bool overflow_ = false;
  bool stopped_ = false;
};

}  // namespace poe
