// SPDX-License-Identifier: MIT
#include "timer_queue.hpp"

namespace poe {

void TimerQueue::place(std::size_t at, const Entry& entry) noexcept {
  heap_[at] = entry;
  where_[entry.timer] = static_cast<std::uint32_t>(at);
}

void TimerQueue::sift_up(std::size_t at, Entry entry) noexcept {
  while (at != 0) {
    const std::size_t above = (at - 1) / 4;
    if (!entry.before(heap_[above])) break;
    place(at, heap_[above]);
    at = above;
  }
  place(at, entry);
}

void TimerQueue::sift_down(std::size_t at, Entry entry) noexcept {
  const std::size_t size = heap_.size();
  for (;;) {
    const std::size_t first = 4 * at + 1;
    if (first >= size) break;
    std::size_t least = first;
    for (std::size_t child = first + 1; child < first + 4 && child < size; ++child) {
      if (heap_[child].before(heap_[least])) least = child;
    }
    if (!heap_[least].before(entry)) break;
    place(at, heap_[least]);
    at = least;
  }
  place(at, entry);
}

void TimerQueue::add(std::uint32_t timer, std::int64_t due) {
  if (timer >= where_.size()) where_.resize(timer + std::size_t{1} + where_.size() / 2, kAbsent);
  const Entry entry{due, next_sequence_++, timer};
  heap_.push_back(entry);
  sift_up(heap_.size() - 1, entry);
}

void TimerQueue::remove(std::uint32_t timer) noexcept {
  if (!contains(timer)) return;
  const std::size_t hole = where_[timer];
  where_[timer] = kAbsent;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (hole == heap_.size()) return;
  if (hole != 0 && last.before(heap_[(hole - 1) / 4])) {
    sift_up(hole, last);
  } else {
    sift_down(hole, last);
  }
}

}  // namespace poe
