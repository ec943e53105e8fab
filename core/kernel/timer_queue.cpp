// SPDX-License-Identifier: MIT
#include "timer_queue.hpp"

namespace poe {

namespace {

constexpr std::size_t kAhead = 16;  // entries; time enough for a timer to come from memory

}  // namespace

std::uint32_t TimerQueue::take_order() noexcept {
  const std::uint32_t order = next_order_++;
  if (next_order_ == 0) next_order_ = 1;
  return order;
}

void TimerQueue::sift_up(std::size_t at, const Entry moved) noexcept {
  while (at != 0) {
    const std::size_t above = (at - 1) / 4;
    if (!moved.before(entry(above))) break;
    entry(at) = entry(above);
    at = above;
  }
  entry(at) = moved;
}

/// Has the groups of four neighbours' children brought near, one of which is next on the way down.
void TimerQueue::fetch_children_of(std::size_t at) const noexcept {
  const std::size_t group = at + 1;
  if (group + 3 >= groups_.size()) return;
  for (std::size_t next = 0; next < 4; ++next) __builtin_prefetch(&groups_[group + next]);
}

/// The child due first; `size_` or more if there is none.
std::size_t TimerQueue::least_child(std::size_t at) noexcept {
  const std::size_t first = 4 * at + 1;
  if (first + 3 < size_) {
    fetch_children_of(first);
    const Entry* four = groups_[at + 1].entries;
    const std::size_t left = static_cast<std::size_t>(four[1].before(four[0]));
    const std::size_t right = 2 + static_cast<std::size_t>(four[3].before(four[2]));
    const std::size_t is_right = static_cast<std::size_t>(four[right].before(four[left]));
    return first + left + is_right * (right - left);
  }
  std::size_t least = first;
  for (std::size_t child = first + 1; child < size_; ++child) {
    if (entry(child).before(entry(least))) least = child;
  }
  return least;
}

void TimerQueue::sift_down(std::size_t at, const Entry moved) noexcept {
  for (std::size_t least = least_child(at); least < size_; least = least_child(at)) {
    if (!entry(least).before(moved)) break;
    entry(at) = entry(least);
    at = least;
  }
  entry(at) = moved;
}

void TimerQueue::push(const Entry& added) {
  if ((size_ + 3) / 4 == groups_.size()) groups_.emplace_back();
  sift_up(size_++, added);
}

// The hole goes down along the least children first and the last entry then up, mostly not at all: half the compares.
void TimerQueue::drop_top() noexcept {
  const Entry last = entry(--size_);
  if (size_ == 0) return;
  std::size_t hole = 0;
  for (std::size_t least = least_child(hole); least < size_; least = least_child(hole)) {
    entry(hole) = entry(least);
    hole = least;
  }
  sift_up(hole, last);
}

// Afterwards the top is a timer that is due then.
void TimerQueue::settle() {
  for (;;) {
    const Entry top = entry(0);
    if (stale(top)) {
      drop_top();
      --stale_;
      continue;
    }
    TimerNode& state = timers_[top.timer];
    if (state.order != top.order) {  // moved later
      state.entry = state.order;
      sift_down(0, Entry{state.due, top.timer, state.order});
    } else {
      return;
    }
  }
}

void TimerQueue::add(std::uint32_t timer, std::int64_t due) {
  const std::uint32_t order = take_order();
  push(Entry{due, timer, order});
  TimerNode& state = timers_[timer];
  state.due = due;
  state.entry = state.order = order;
  ++live_;
}

void TimerQueue::remove(std::uint32_t timer) noexcept {
  if (!contains(timer)) return;
  timers_[timer].entry = 0;
  --live_;
  ++stale_;
  compact();
}

void TimerQueue::move(std::uint32_t timer, std::int64_t due) {
  if (!contains(timer)) return add(timer, due);
  TimerNode& state = timers_[timer];
  const bool later = due >= state.due;  // than its entry, too, which is never later than the timer
  state.due = due;
  state.order = take_order();
  if (later) return;
  state.entry = state.order;
  ++stale_;
  push(Entry{due, timer, state.order});
  compact();
}

std::uint32_t TimerQueue::pop() {
  settle();
  const std::uint32_t timer = entry(0).timer;
  drop_top();
  timers_[timer].entry = 0;
  --live_;
  // While the handler of this one runs: the next, which is one of these.
  for (std::size_t at = 0; at < 5 && at < size_; ++at) timers_.prefetch(entry(at).timer);
  return timer;
}

// Keeps the entries nobody waits for, 16 octets each, fewer than twice the others: a program that sets and cancels for
// ever needs no more memory than that. Each compaction is paid by as many removals.
void TimerQueue::compact() noexcept {
  if (stale_ <= 2 * live_ + 64) return;
  std::size_t kept = 0;
  for (std::size_t at = 0; at < size_; ++at) {
    if (at + kAhead < size_) timers_.prefetch(entry(at + kAhead).timer);
    const Entry old = entry(at);
    if (stale(old)) continue;
    TimerNode& state = timers_[old.timer];
    state.entry = state.order;
    entry(kept++) = Entry{state.due, old.timer, state.order};
  }
  size_ = kept;
  stale_ = 0;
  for (std::size_t at = (size_ + 2) / 4; at-- > 0;) sift_down(at, entry(at));
}

}  // namespace poe
