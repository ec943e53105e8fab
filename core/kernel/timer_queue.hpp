// SPDX-License-Identifier: MIT
//
// The kernel's timers, ordered by due time and, among equals, by when they were set (P003). All the work is put off
// until somebody asks which is first, at most once a turn: adding a timer appends an entry behind the heap, taking one
// out or moving it later is a store, and its entry is passed over, or set right, when it comes to the top.
//
// Why by hand: Boost.Heap's mutable d-ary heap allocates a list node for each element and hands out iterators; here the
// deadline lies beside the index, four children share a cache line, and nothing is allocated per timer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cell_block.hpp"
#include "timer_table.hpp"

namespace poe {

class TimerQueue {
 public:
  /// Orders are counted from `next_order`.
  explicit TimerQueue(TimerTable& timers, std::uint32_t next_order = 1) : timers_(timers), next_order_(next_order) {}
  bool empty() const noexcept { return size() == 0; }
  std::size_t size() const noexcept { return live_; }

  bool contains(std::uint32_t timer) const noexcept { return timers_.when(timer).entry != 0; }
  /// For one more, so that adding it cannot fail.
  void make_room() {
    if (entry_count_ == room_) [[unlikely]]
      grow();
  }
  /// Puts a timer in that is not there; there is room for it.
  void add(std::uint32_t timer, TimerWhen& when, std::int64_t due) noexcept {
    const std::uint32_t order = take_order();
    entry(entry_count_++) = Entry{timer, order, due};
    when = {due, order, order};
    ++live_;
  }
  void add(std::uint32_t timer, std::int64_t due) {
    make_room();
    add(timer, timers_.when(timer), due);
  }
  /// Takes out one that is there.
  void remove(std::uint32_t timer) noexcept {
    timers_.when(timer).entry = 0;
    forget();
  }
  /// One that was there has left the table, or is about to.
  void forget() noexcept {
    if (--live_ == 0) entry_count_ = in_heap_ = 0;
  }
  /// To another time, or in.
  void move(std::uint32_t timer, std::int64_t due);

  // The one that is due first; only when not empty.
  std::int64_t first_due() {
    settle();
    return entry(0).due;
  }
  std::uint32_t first() {
    settle();
    return entry(0).timer;
  }
  /// Takes it out.
  std::uint32_t pop();

  /// A moment, for first_is_newer().
  std::uint32_t mark() const noexcept { return next_order_; }
  /// Whether the first timer was added or moved after mark() was asked.
  bool first_is_newer(std::uint32_t mark) noexcept {
    return timers_.when(first()).order - mark < next_order_ - mark;  // modulo 2^32
  }

 private:
  struct Entry {
    std::uint32_t timer;
    std::uint32_t order;
    std::int64_t due;
    /// By due, then order. As one number, compared without a branch: that would be mispredicted half the time on the
    /// way through a heap.
    bool before(const Entry& other) const noexcept { return key() < other.key(); }
    __extension__ __int128 key() const noexcept {
      const std::uint64_t low = static_cast<std::uint64_t>(order) << 32 | timer;
      return static_cast<__int128>(due) << 64 | low;
    }
  };
  // The root is the last of its group of four, so that the children of i, 4i+1 to 4i+4, share a cache line.
  static constexpr std::size_t kBefore = 3;
  static constexpr std::size_t kStale = 4;  // for each timer: as much memory as it takes itself
  static constexpr std::size_t kFew = 64;
  Entry& entry(std::size_t at) noexcept { return entries_.get()[at + kBefore]; }
  bool stale(const Entry& entry) const noexcept {  // gone, or set anew since
    return !timers_.used(entry.timer) || timers_.when(entry.timer).entry != entry.order;
  }
  std::uint32_t take_order() noexcept {
    if (next_order_ == 0) [[unlikely]]
      renumber();
    return next_order_++;
  }
  // A program that sets and cancels for ever needs no more memory than that.
  bool mostly_stale() const noexcept { return entry_count_ > (kStale + 1) * live_ + kFew; }
  void grow();
  void compact() noexcept;
  void renumber() noexcept;
  void sort_in() noexcept;
  void build_heap() noexcept;
  void settle();
  void drop_top() noexcept;
  void fetch_children_of(std::size_t at) noexcept;
  std::size_t least_child(std::size_t at) noexcept;
  void sift_up(std::size_t at, const Entry moved) noexcept {
    while (at != 0) {
      const std::size_t above = (at - 1) / 4;
      if (!moved.before(entry(above))) break;
      entry(at) = entry(above);
      at = above;
    }
    entry(at) = moved;
  }
  void sift_down(std::size_t at, Entry moved) noexcept;

  TimerTable& timers_;
  CellBlock<Entry> entries_;
  std::size_t room_ = 0;         // for entries
  std::size_t entry_count_ = 0;  // stale ones too
  std::size_t in_heap_ = 0;      // of these, the first
  std::size_t live_ = 0;         // timers
  std::uint32_t next_order_;
};

}  // namespace poe
