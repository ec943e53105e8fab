// SPDX-License-Identifier: MIT
#include "timer_queue.hpp"

#include <algorithm>
#include <utility>

namespace poe {

namespace {

constexpr std::size_t kAhead = 16;  // entries; time enough for a timer to come from memory

}  // namespace

/// Has the groups of four neighbours' children brought near, one of which is next on the way down.
void TimerQueue::fetch_children_of(std::size_t at) noexcept {
  const std::size_t child = 4 * at + 1;
  if (child + 16 > entry_count_) return;
  for (std::size_t next = 0; next < 4; ++next) __builtin_prefetch(&entry(child + 4 * next));
}

/// The child due first; `entry_count_` or more if there is none.
std::size_t TimerQueue::least_child(std::size_t at) noexcept {
  const std::size_t first = 4 * at + 1;
  if (first + 3 < entry_count_) {
    fetch_children_of(first);
    const Entry* const four = &entry(first);
    const std::size_t left = static_cast<std::size_t>(four[1].before(four[0]));
    const std::size_t right = 2 + static_cast<std::size_t>(four[3].before(four[2]));
    const std::size_t is_right = static_cast<std::size_t>(four[right].before(four[left]));
    return first + left + is_right * (right - left);
  }
  std::size_t least = first;
  for (std::size_t child = first + 1; child < entry_count_; ++child) {
    if (entry(child).before(entry(least))) least = child;
  }
  return least;
}

void TimerQueue::sift_down(std::size_t at, const Entry moved) noexcept {
  for (std::size_t least = least_child(at); least < entry_count_; least = least_child(at)) {
    if (!entry(least).before(moved)) break;
    entry(at) = entry(least);
    at = least;
  }
  entry(at) = moved;
}

void TimerQueue::grow() {
  if (mostly_stale()) return compact();
  const std::size_t room = std::max<std::size_t>(2 * room_, 61);
  CellBlock<Entry> more = make_cells<Entry>(room + kBefore);
  std::copy_n(entries_.get(), room_ == 0 ? 0 : entry_count_ + kBefore, more.get());
  entries_ = std::move(more);
  room_ = room;
}

// The hole goes down along the least children first and the last entry then up, mostly not at all: half the compares.
void TimerQueue::drop_top() noexcept {
  const Entry last = entry(--entry_count_);
  in_heap_ = entry_count_;
  if (entry_count_ == 0) return;
  std::size_t hole = 0;
  const std::size_t risen = least_child(hole);
  for (std::size_t least = risen; least < entry_count_; least = least_child(hole)) {
    entry(hole) = entry(least);
    hole = least;
  }
  sift_up(hole, last);
  if (risen < entry_count_) timers_.prefetch(entry(risen).timer);
}

// What was added since the last look becomes part of the heap.
void TimerQueue::sort_in() noexcept {
  if (entry_count_ - in_heap_ >= in_heap_) return build_heap();
  for (; in_heap_ < entry_count_; ++in_heap_) sift_up(in_heap_, entry(in_heap_));
}

void TimerQueue::build_heap() noexcept {
  in_heap_ = entry_count_;
  for (std::size_t at = (in_heap_ + 2) / 4; at-- > 0;) sift_down(at, entry(at));
}

// Afterwards the top is a timer that is due then.
void TimerQueue::settle() {
  if (mostly_stale()) compact();
  if (in_heap_ != entry_count_) sort_in();
  for (;;) {
    const Entry top = entry(0);
    if (stale(top)) {
      drop_top();
      continue;
    }
    TimerWhen& state = timers_.when(top.timer);
    if (state.order != top.order) {  // moved later
      state.entry = state.order;
      sift_down(0, Entry{top.timer, state.order, state.due});
    } else {
      return;
    }
  }
}

void TimerQueue::move(std::uint32_t timer, std::int64_t due) {
  TimerWhen& state = timers_.when(timer);
  if (state.entry == 0) return add(timer, due);
  const bool later = due >= state.due;  // than its entry, too, which is never later than the timer
  if (!later) make_room();              // what may fail comes first
  state.due = due;
  state.order = take_order();
  if (later) return;
  state.entry = state.order;
  entry(entry_count_++) = Entry{timer, state.order, due};
}

std::uint32_t TimerQueue::pop() {
  settle();
  const std::uint32_t timer = entry(0).timer;
  drop_top();
  remove(timer);
  return timer;
}

// After 2^32 orders: those that are still needed begin at one again. What is sorted is a heap, too.
void TimerQueue::renumber() noexcept {
  compact();
  std::sort(&entry(0), &entry(entry_count_), [](const Entry& a, const Entry& b) { return a.before(b); });
  next_order_ = 1;
  for (std::size_t at = 0; at < entry_count_; ++at) {
    TimerWhen& state = timers_.when(entry(at).timer);
    state.entry = state.order = entry(at).order = next_order_++;
  }
  in_heap_ = entry_count_;
}

// Drops the entries nobody waits for. Paid by as many removals.
void TimerQueue::compact() noexcept {
  std::size_t kept = 0;
  for (std::size_t at = 0; at < entry_count_; ++at) {
    // What is freed is told by a bit: only the others' cells are looked at.
    if (at + kAhead < entry_count_ && timers_.used(entry(at + kAhead).timer))
      timers_.prefetch_when(entry(at + kAhead).timer);
    const Entry old = entry(at);
    if (stale(old)) continue;
    TimerWhen& state = timers_.when(old.timer);
    state.entry = state.order;
    entry(kept++) = Entry{old.timer, state.order, state.due};
  }
  entry_count_ = kept;
  in_heap_ = 0;
}

}  // namespace poe
