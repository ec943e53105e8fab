// SPDX-License-Identifier: MIT
#include "poe/filters/stream.hpp"

#include "filter_suite.hpp"

namespace poe::test {
namespace {

std::vector<FilterCase> stream_cases() {
  const auto make = [] { return std::make_unique<StreamFilter>(); };
  return {
      {"Text", make, "some\r\nbytes\n", {"some\r\nbytes\n"}, "", false},
      {"Zeroes", make, std::string(40, '\0'), {std::string(40, '\0')}, "", false},
      {"Nothing", make, "", {}, "", false},
  };
}

POE_FILTER_SUITE(Stream, stream_cases());

TEST(StreamFilterTest, BytesArePassedOnWhereTheyLie) {
  StreamFilter filter;
  const std::string bytes = "bytes";
  filter.feed(bytes);
  EXPECT_EQ((**filter.next()).data(), bytes.data());
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(StreamFilterTest, WhatIsBufferedComesAsOneRecord) {
  StreamFilter filter;
  filter.feed("a");
  filter.feed("b");
  filter.keep();
  filter.feed("c");
  EXPECT_EQ(**filter.next(), "abc");
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(StreamFilterTest, MoreThanTheLimitIsReportedOnceAfterTheBytesBefore) {
  StreamFilter filter(4);
  filter.feed("abcdef");
  filter.keep();
  filter.feed("gh");
  Outcome outcome;
  drain(filter, outcome);
  EXPECT_EQ(outcome, (Outcome{"abcd", "!limit"}));
  filter.feed("ij");
  drain(filter, outcome);
  EXPECT_EQ(outcome.back(), "ij");
}

TEST(StreamFilterTest, EncodeAddsNothing) {
  StreamFilter filter;
  std::string out = "x";
  ASSERT_TRUE(filter.encode("yz", out));
  EXPECT_EQ(out, "xyz");
}

}  // namespace
}  // namespace poe::test
