// SPDX-License-Identifier: MIT
#include "timeline.hpp"

namespace poe::sim {

void Timeline::plan(int64_t time, Happening what) {
  planned_.emplace(std::pair(time, count_), std::move(what));
  ++count_;
}

void Timeline::advance_to(int64_t time) {
  while (!planned_.empty() && planned_.begin()->first.first <= time) {
    const auto due = planned_.extract(planned_.begin());
    if (due.key().first > now()) now_.store(due.key().first, std::memory_order_relaxed);
    due.mapped()();
  }
  if (time > now()) now_.store(time, std::memory_order_relaxed);
}

}  // namespace poe::sim
