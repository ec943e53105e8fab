// SPDX-License-Identifier: MIT
//
// The order of the kernel's timers beside a plain sorted map, also where the 32 bits that count them begin again:
// no program's test gets there, it takes four thousand million timers.
#include "timer_queue.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace poe {
namespace {

/// A queue and the map that it must agree with.
class Pair {
 public:
  explicit Pair(std::uint32_t next_order) : queue_(table_, next_order) {}

  std::size_t size() const { return model_.size(); }
  void add(std::int64_t due) {
    const std::uint32_t timer = table_.add().index;
    queue_.add(timer, due);
    put(timer, due);
  }
  void move(std::size_t nth, std::int64_t due) {
    const auto [at, timer] = pick(nth);
    queue_.move(timer, due);
    model_.erase(at);
    put(timer, due);
  }
  void remove(std::size_t nth) {
    const auto [at, timer] = pick(nth);
    model_.erase(at);
    queue_.remove(timer);
    table_.remove(timer);
  }
  /// As a handle that goes cancels it: its entry is stale because its place is free, or another's.
  void forget(std::size_t nth) {
    const auto [at, timer] = pick(nth);
    model_.erase(at);
    table_.remove(timer);
    queue_.forget();
  }
  void pop() {
    const auto first = model_.begin();
    EXPECT_EQ(queue_.first_due(), first->first.first);
    const std::uint32_t timer = queue_.pop();
    EXPECT_EQ(timer, first->second);
    model_.erase(first);
    table_.remove(timer);
  }
  void check() const { EXPECT_EQ(queue_.size(), model_.size()); }
  TimerQueue& queue() { return queue_; }

 private:
  using Model = std::map<std::pair<std::int64_t, std::uint64_t>, std::uint32_t>;
  void put(std::uint32_t timer, std::int64_t due) { model_.emplace(std::pair(due, ++set_), timer); }
  std::pair<Model::iterator, std::uint32_t> pick(std::size_t nth) {
    const auto at = std::next(model_.begin(), static_cast<std::ptrdiff_t>(nth % model_.size()));
    return {at, at->second};
  }

  TimerTable table_;
  TimerQueue queue_;
  Model model_;
  std::uint64_t set_ = 0;
};

void agree(std::uint32_t seed, std::uint32_t next_order) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", orders from " + std::to_string(next_order));
  std::mt19937 random(seed);
  Pair pair(next_order);
  const auto due = [&] { return static_cast<std::int64_t>(random() % 40) - 10; };  // many of one moment
  const std::size_t most = 1 + random() % 300;
  for (int step = 0; step < 3000; ++step) {
    switch (pair.size() == 0 ? 0 : random() % 8) {
      case 0:
      case 1:
      case 2:
        if (pair.size() < most) pair.add(due());
        break;
      case 3:
      case 4:
        pair.move(random(), due());
        break;
      case 5:
        pair.remove(random());
        break;
      case 6:
        pair.forget(random());
        break;
      default:
        pair.pop();
    }
    pair.check();
    if (testing::Test::HasFailure()) return;
  }
  while (pair.size() != 0 && !testing::Test::HasFailure()) pair.pop();
}

TEST(TimerQueue, AgreesWithASortedMapP003) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) agree(seed, 1);
}

TEST(TimerQueue, KeepsItsOrderWhereItsCountBeginsAgainP003) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) agree(seed, 0U - 1 - seed * 10);
}

TEST(TimerQueue, WhatWasSetSinceAMarkIsNewerAlsoWhereItsCountBeginsAgain) {
  Pair pair(0U - 2);
  pair.add(1);
  pair.add(2);  // the last order there is
  const std::uint32_t mark = pair.queue().mark();
  pair.add(0);
  EXPECT_TRUE(pair.queue().first_is_newer(mark));
  const std::uint32_t later = pair.queue().mark();
  EXPECT_FALSE(pair.queue().first_is_newer(later));
  pair.add(-1);
  EXPECT_TRUE(pair.queue().first_is_newer(later));
}

}  // namespace
}  // namespace poe
