// SPDX-License-Identifier: MIT
#include "poe/value.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace poe::test {
namespace {

template <class T>
std::optional<T> there_and_back(const T& t) {
  return ValueTraits<T>::from(ValueTraits<T>::to(t));
}

TEST(ValueTest, KindsAreToldApart) {
  EXPECT_EQ(Value().kind(), "null");
  EXPECT_TRUE(Value(nullptr).is_null());
  EXPECT_EQ(Value(true).kind(), "bool");
  EXPECT_EQ(Value(1).kind(), "int");
  EXPECT_EQ(Value(1.5).kind(), "double");
  EXPECT_EQ(Value("text").kind(), "string");
  EXPECT_EQ(Value(Value::Bytes{}).kind(), "bytes");
  EXPECT_EQ(Value(Value::List{1, "two"}).kind(), "list");
  EXPECT_EQ(Value(Value::Map{{"a", 1}}).kind(), "map");
  EXPECT_EQ(Value(Value::Opaque{"Socket"}).kind(), "opaque");
}

TEST(ValueTest, OnlyTheRightAccessorAnswers) {
  const Value value(7);
  ASSERT_NE(value.as_int(), nullptr);
  EXPECT_EQ(*value.as_int(), 7);
  EXPECT_EQ(value.as_bool(), nullptr);
  EXPECT_EQ(value.as_double(), nullptr);
  EXPECT_EQ(value.as_string(), nullptr);
  EXPECT_EQ(value.as_list(), nullptr);
  EXPECT_EQ(value.as_map(), nullptr);
  EXPECT_EQ(value.as_opaque(), nullptr);
}

TEST(ValueTest, EqualityLooksInsideListsAndMaps) {
  EXPECT_EQ(Value(Value::List{1, Value::Map{{"a", "b"}}}), Value(Value::List{1, Value::Map{{"a", "b"}}}));
  EXPECT_FALSE(Value(Value::List{1, 2}) == Value(Value::List{2, 1}));
  EXPECT_FALSE(Value(Value::Map{{"a", 1}}) == Value(Value::Map{{"a", 2}}));
  EXPECT_FALSE(Value(1) == Value(1.0)) << "different kinds differ";
}

TEST(ValueTraitsTest, RoundTripKeepsTheValue) {
  EXPECT_EQ(there_and_back(true), true);
  EXPECT_EQ(there_and_back<std::int8_t>(-128), std::int8_t{-128});
  EXPECT_EQ(there_and_back(std::numeric_limits<std::int64_t>::min()), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(there_and_back(0.1), 0.1);
  EXPECT_EQ(there_and_back(std::string("a\0b", 3)), std::string("a\0b", 3));
  EXPECT_EQ(there_and_back(Value::Bytes{std::byte{255}}), Value::Bytes{std::byte{255}});
  EXPECT_EQ(there_and_back(std::vector<std::vector<int>>{{1}, {}, {2, 3}}),
            (std::vector<std::vector<int>>{{1}, {}, {2, 3}}));
}

TEST(ValueTraitsTest, NumberOutOfRangeDoesNotFit) {
  EXPECT_EQ(ValueTraits<std::int8_t>::from(Value(128)), std::nullopt);
  EXPECT_EQ(ValueTraits<std::uint32_t>::from(Value(-1)), std::nullopt);
  EXPECT_EQ(ValueTraits<std::uint8_t>::from(Value(255)), std::uint8_t{255});
}

TEST(ValueTraitsTest, UnsignedNumberBeyondSignedRangeIsOpaque) {
  const Value huge = ValueTraits<std::uint64_t>::to(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(huge.kind(), "opaque");
  EXPECT_EQ(ValueTraits<std::uint64_t>::from(huge), std::nullopt);
  EXPECT_EQ(there_and_back(std::uint64_t{1} << 62), std::uint64_t{1} << 62);
}

TEST(ValueTraitsTest, WrongKindDoesNotFit) {
  EXPECT_EQ(ValueTraits<int>::from(Value("1")), std::nullopt);
  EXPECT_EQ(ValueTraits<int>::from(Value(1.0)), std::nullopt);
  EXPECT_EQ(ValueTraits<bool>::from(Value(1)), std::nullopt);
  EXPECT_EQ(ValueTraits<std::string>::from(Value()), std::nullopt);
  EXPECT_EQ(ValueTraits<std::vector<int>>::from(Value(Value::List{1, "two"})), std::nullopt);
}

TEST(ValueTraitsTest, WholeNumberFitsAFloatingArgument) { EXPECT_EQ(ValueTraits<double>::from(Value(3)), 3.0); }

TEST(ValueTraitsTest, TypeWithoutTraitsIsNotDynamic) {
  struct Socket {};
  EXPECT_FALSE(DynamicValue<Socket>);
  EXPECT_TRUE(DynamicValue<std::vector<std::string>>);
}

TEST(ValueTextTest, IsForPeople) {
  EXPECT_EQ(Value().to_text(), "null");
  EXPECT_EQ(Value(true).to_text(), "true");
  EXPECT_EQ(Value(-3).to_text(), "-3");
  EXPECT_EQ(Value(1.5).to_text(), "1.5");
  EXPECT_EQ(Value("a\"b\\c\n\x7f").to_text(), "\"a\\\"b\\\\c\\x0a\\x7f\"");
  EXPECT_EQ(Value(Value::Bytes{std::byte{0}, std::byte{171}}).to_text(), "0x00ab");
  EXPECT_EQ(Value(Value::Map{{"k", Value::List{1, "x", Value()}}}).to_text(), "{\"k\": [1, \"x\", null]}");
  EXPECT_EQ(Value(Value::Opaque{"Socket"}).to_text(), "<Socket>");
}

TEST(ValueTextTest, IsCutAtTheLimit) {
  EXPECT_EQ(Value(std::string(100, 'x')).to_text(5), "\"xxxx…");
  EXPECT_EQ(Value(Value::List(1000, Value(7))).to_text(10), "[7, 7, 7, …");
  EXPECT_EQ(Value(Value::Bytes(1000, std::byte{1})).to_text(6), "0x0101…");
}

TEST(ValueTextTest, IsCutBetweenCharactersNotInsideOne) {
  EXPECT_EQ(Value("äöü").to_text(4), "\"ä…") << "octets 4 and 5 are one character";
}

}  // namespace
}  // namespace poe::test
