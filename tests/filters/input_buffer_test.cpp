// SPDX-License-Identifier: MIT
#include "poe/filters/input_buffer.hpp"

#include <gtest/gtest.h>

namespace poe::test {
namespace {

constexpr std::size_t kLimit = 1000;

// What a filter does with a record that was cut: the first part is kept, the rest comes with the next bytes.
void take_cut_record(InputBuffer& buffer, const std::string& first, std::string_view second) {
  buffer.feed(first);
  buffer.keep();
  buffer.feed(second);
  buffer.borrow(second.size());
  EXPECT_EQ(buffer.held(), first + std::string(second));
  buffer.consume(buffer.held().size());
}

TEST(InputBufferTest, HoldsNothingAgainAfterARecordThatWasCut) {
  for (const std::size_t size : {3U, 30U, 300U, 900U}) {
    InputBuffer buffer(kLimit);
    EXPECT_TRUE(buffer.holds_nothing());
    take_cut_record(buffer, std::string(size, 'a'), "b");
    EXPECT_FALSE(buffer.holds_nothing()) << "the record may still be looked at";
    buffer.settle();
    EXPECT_TRUE(buffer.holds_nothing()) << "or whole records in the fed bytes go the long way ever after, size "
                                        << size;
  }
}

TEST(InputBufferTest, ARecordThatWasCutStaysInPlaceUntilItIsLetGoOf) {
  InputBuffer buffer(kLimit);
  buffer.feed("ab");
  buffer.keep();
  buffer.feed("cd\nefg");
  buffer.borrow(6);
  const std::string_view record = buffer.held().substr(0, 4);
  buffer.give_back_after(5);
  buffer.consume(5);
  EXPECT_EQ(record, "abcd");
  EXPECT_EQ(buffer.fed(), "efg");
  EXPECT_EQ(buffer.size(), 3U);
  EXPECT_EQ(buffer.take(), "efg");
  EXPECT_EQ(record, "abcd") << "taking what is left leaves views alone";
}

TEST(InputBufferTest, DropsWhatIsBetweenInBothPieces) {
  InputBuffer buffer(kLimit);
  buffer.feed("head;");
  buffer.keep();
  buffer.feed("drop1body");
  buffer.drop(5, 5);
  EXPECT_EQ(buffer.take(), "head;body");
  buffer.settle();
  buffer.feed("xxhead");
  buffer.drop(0, 2);
  EXPECT_EQ(buffer.fed(), "head");
  EXPECT_TRUE(buffer.holds_nothing());
}

TEST(InputBufferTest, MemoryOfWhatWasDroppedIsLetGoOf) {
  InputBuffer buffer(kLimit);
  buffer.feed(std::string_view("abcdef"));
  buffer.keep();
  buffer.drop(0, 6);
  buffer.feed("gh");
  buffer.drop(0, 1);
  EXPECT_FALSE(buffer.holds_nothing()) << "there is memory that settle() has to free";
  buffer.settle();
  EXPECT_TRUE(buffer.holds_nothing());
  EXPECT_EQ(buffer.fed(), "h");
}

TEST(InputBufferTest, WhatIsOverTheLimitIsDroppedUntilCleared) {
  InputBuffer buffer(4);
  buffer.feed("abcdef");
  buffer.keep();
  EXPECT_EQ(buffer.held(), "abcd");
  EXPECT_TRUE(buffer.overflow());
  buffer.feed("gh");
  EXPECT_EQ(buffer.take(), "abcd");
  buffer.clear();
  EXPECT_FALSE(buffer.overflow());
  EXPECT_TRUE(buffer.holds_nothing());
  buffer.feed("ij");
  EXPECT_EQ(buffer.fed(), "ij");
}

}  // namespace
}  // namespace poe::test
