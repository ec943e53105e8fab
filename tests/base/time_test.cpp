// SPDX-License-Identifier: MIT
#include "poe/time.hpp"

#include <gtest/gtest.h>

namespace poe::test {
namespace {

constexpr TimePoint at(std::int64_t ns) { return TimePoint(Duration(ns)); }

TEST(TimeTest, OrdinarySumsAreExact) {
  EXPECT_EQ(saturating_add(at(5), Duration(7)), at(12));
  EXPECT_EQ(saturating_add(at(5), Duration(-7)), at(-2));
  EXPECT_EQ(saturating_add(at(5), Duration(0)), at(5));
}

TEST(TimeTest, SumPastEitherEndStaysAtThatEnd) {
  EXPECT_EQ(saturating_add(at(1), kForever), TimePoint::max());
  EXPECT_EQ(saturating_add(TimePoint::max(), Duration(1)), TimePoint::max());
  EXPECT_EQ(saturating_add(at(-2), Duration::min()), TimePoint::min());
  EXPECT_EQ(saturating_add(TimePoint::min(), Duration(-1)), TimePoint::min());
}

TEST(TimeTest, SumsThatJustFitAreNotCut) {
  EXPECT_EQ(saturating_add(at(INT64_MAX - 1), Duration(1)), TimePoint::max());
  EXPECT_EQ(saturating_add(at(-1), Duration(INT64_MIN + 1)), TimePoint::min());
  EXPECT_EQ(saturating_add(TimePoint::max(), Duration::min()), at(-1));
}

}  // namespace
}  // namespace poe::test
