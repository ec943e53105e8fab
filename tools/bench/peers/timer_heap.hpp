// SPDX-License-Identifier: MIT
//
// The timers of a hand-written loop: a 4-ary heap whose entries hold the deadline beside the number of the timer, and
// for each timer its place in the heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace poe::bench {

class TimerHeap {
 public:
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  explicit TimerHeap(std::size_t timers) : places_(timers, kNowhere) { heap_.reserve(timers); }

  bool empty() const noexcept { return heap_.empty(); }
  std::int64_t first_due() const noexcept { return heap_.front().due; }
  std::uint32_t first() const noexcept { return heap_.front().timer; }

  void add(std::uint32_t timer, std::int64_t due) {
    heap_.push_back({due, timer});
    rise(heap_.size() - 1, heap_.back());
  }
  void remove(std::uint32_t timer) noexcept {
    const std::size_t at = places_[timer];
    places_[timer] = kNowhere;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (at < heap_.size()) settle(at, last);
  }
  void move(std::uint32_t timer, std::int64_t due) noexcept { settle(places_[timer], {due, timer}); }

 private:
  struct Entry {
    std::int64_t due;
    std::uint32_t timer;
  };

  void put(std::size_t at, Entry entry) noexcept {
    heap_[at] = entry;
    places_[entry.timer] = static_cast<std::uint32_t>(at);
  }
  void settle(std::size_t at, Entry entry) noexcept {
    if (at > 0 && entry.due < heap_[(at - 1) / 4].due) {
      rise(at, entry);
    } else {
      sink(at, entry);
    }
  }
  void rise(std::size_t at, Entry entry) noexcept {
    while (at > 0 && entry.due < heap_[(at - 1) / 4].due) {
      put(at, heap_[(at - 1) / 4]);
      at = (at - 1) / 4;
    }
    put(at, entry);
  }
  void sink(std::size_t at, Entry entry) noexcept {
    for (;;) {
      const std::size_t from = at * 4 + 1;
      if (from >= heap_.size()) break;
      const std::size_t to = from + 4 < heap_.size() ? from + 4 : heap_.size();
      std::size_t least = from;
      for (std::size_t child = from + 1; child < to; ++child)
        if (heap_[child].due < heap_[least].due) least = child;
      if (heap_[least].due >= entry.due) break;
      put(at, heap_[least]);
      at = least;
    }
    put(at, entry);
  }

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> places_;
};

}  // namespace poe::bench
