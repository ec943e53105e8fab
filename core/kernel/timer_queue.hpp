// SPDX-License-Identifier: MIT
//
// The kernel's timers, ordered by due time and, among equals, by when they were set (P003). Adding costs O(log n) at
// worst and O(1) for most; taking a timer out or moving it later is a store: its entry stays in the heap and is
// passed over, or set right, when it comes to the top.
//
// Why by hand: Boost.Heap's mutable d-ary heap allocates a list node for each element and hands out iterators; here the
// deadline lies beside the index, four children share a cache line, and nothing is allocated per timer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "poe/event.hpp"
#include "poe/session_options.hpp"
#include "slab.hpp"

namespace poe {

/// A timer: whose, what for, when. It fills a cache line with its cell in the slab, so that to set, move, fire or
/// cancel one is one miss in a program with very many.
struct TimerNode {
  std::uint32_t slot : 24;         // of its session
  std::uint32_t firing : 1 = 0;    // its handler is on the stack: freed afterwards
  std::uint32_t dead : 1 = 0;      // cancelled while firing
  std::uint32_t detached : 1 = 0;  // no handle is left: its session's end must find it
  std::uint32_t periodic : 1 = 0;
  std::uint32_t boxed : 1 = 0;   // the arguments lie on the heap
  std::uint32_t queued : 1 = 0;  // a record stands in the event queue for it: it is due "after what is queued"
  std::uint32_t wall : 1 = 0;    // follows the wall clock: see WallAlarms
  std::uint32_t entry = 0;       // `order` of its entry in the TimerQueue; 0: not there
  std::uint32_t order = 0;       // when it was set last; differs from `entry` if it was moved later since
  const EventKey* key = nullptr;
  std::int64_t due = 0;
  Links links{};  // among the detached timers of its session
  alignas(8) std::byte small[16];

  /// Before the arguments in a box. A repeating timer is always boxed.
  struct Box {
    std::int64_t period;  // 0: once
    Missed missed;
  };
  static constexpr std::size_t kRoom = sizeof small;  // bytes of arguments that need none
  Box* box() const noexcept {
    Box* at = nullptr;
    std::memcpy(&at, small, sizeof at);
    return at;
  }
  void* payload() noexcept { return boxed ? static_cast<void*>(box() + 1) : small; }
};
using Timers = Slab<TimerNode, 256>;
static_assert(Timers::kCellSize == 64);

class TimerQueue {
 public:
  explicit TimerQueue(Timers& timers) : timers_(timers) {}
  bool empty() const noexcept { return live_ == 0; }
  std::size_t size() const noexcept { return live_; }

  /// Puts a timer in that is not there.
  void add(std::uint32_t timer, std::int64_t due);
  /// No effect if it is not there.
  void remove(std::uint32_t timer) noexcept;
  /// As remove() and add().
  void move(std::uint32_t timer, std::int64_t due);
  bool contains(std::uint32_t timer) const noexcept { return timers_[timer].entry != 0; }

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
    return timers_[first()].order - mark < next_order_ - mark;  // modulo 2^32
  }

 private:
  struct Entry {
    std::int64_t due;
    std::uint32_t timer;
    std::uint32_t order;
    /// Without a branch, which would be mispredicted half the time on the way through a heap.
    bool before(const Entry& other) const noexcept {
      const int sooner = due < other.due;
      const int same = due == other.due;
      const int set_before = static_cast<std::int32_t>(order - other.order) < 0;
      return (sooner | (same & set_before)) != 0;
    }
  };
  struct alignas(64) Group {
    Entry entries[4];
  };

  // The root is the last of its group, so that the children of i, 4i+1 to 4i+4, fill a group.
  Entry& entry(std::size_t at) noexcept { return groups_[(at + 3) / 4].entries[(at + 3) % 4]; }
  bool stale(const Entry& entry) const noexcept {  // gone, or set anew since
    return !timers_.used(entry.timer) || timers_[entry.timer].entry != entry.order;
  }
  std::uint32_t take_order() noexcept;
  void push(const Entry& added);
  void settle();
  void drop_top() noexcept;
  void compact() noexcept;
  void fetch_children_of(std::size_t at) const noexcept;
  std::size_t least_child(std::size_t at) noexcept;
  void sift_up(std::size_t at, Entry moved) noexcept;
  void sift_down(std::size_t at, Entry moved) noexcept;

  Timers& timers_;
  std::vector<Group> groups_;
  std::size_t size_ = 0;   // entries in the heap
  std::size_t stale_ = 0;  // of which nobody waits any more for so many
  std::size_t live_ = 0;   // timers
  std::uint32_t next_order_ = 1;
};

}  // namespace poe
