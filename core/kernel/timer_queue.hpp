// SPDX-License-Identifier: MIT
//
// The kernel's timers, ordered by due time and, among equals, by creation (P003).
//
// Why by hand: Boost.Heap's mutable d-ary heap allocates a list node for each element and hands out iterators; here the
// deadline lies beside the index and adding, moving and removing allocate nothing.
#pragma once

#include <cstdint>
#include <vector>

namespace poe {

class TimerQueue {
 public:
  bool empty() const noexcept { return heap_.empty(); }
  std::size_t size() const noexcept { return heap_.size(); }
  std::int64_t first_due() const noexcept { return heap_.front().due; }
  std::uint64_t first_sequence() const noexcept { return heap_.front().sequence; }
  /// What the next add() gets: tells timers made before a moment from later ones.
  std::uint64_t next_sequence() const noexcept { return next_sequence_; }
  std::uint32_t first() const noexcept { return heap_.front().timer; }

  /// `timer` must not be in the queue.
  void add(std::uint32_t timer, std::int64_t due);
  /// No effect if it is not in the queue.
  void remove(std::uint32_t timer) noexcept;
  bool contains(std::uint32_t timer) const noexcept { return timer < where_.size() && where_[timer] != kAbsent; }
  std::int64_t due(std::uint32_t timer) const noexcept { return heap_[where_[timer]].due; }

 private:
  struct Entry {
    std::int64_t due;
    std::uint64_t sequence;
    std::uint32_t timer;
    bool before(const Entry& other) const noexcept {
      return due != other.due ? due < other.due : sequence < other.sequence;
    }
  };
  static constexpr std::uint32_t kAbsent = 0xFFFFFFFF;
  void place(std::size_t at, const Entry& entry) noexcept;
  void sift_up(std::size_t at, Entry entry) noexcept;
  void sift_down(std::size_t at, Entry entry) noexcept;

  std::vector<Entry> heap_;           // 4-ary: children of i are 4i+1 .. 4i+4
  std::vector<std::uint32_t> where_;  // timer -> place in heap_
  std::uint64_t next_sequence_ = 0;
};

}  // namespace poe
