// SPDX-License-Identifier: MIT
#include "poe/filters/block.hpp"

#include <stdexcept>

#include "filter_suite.hpp"

namespace poe::test {
namespace {

using namespace std::literals;

std::function<std::unique_ptr<Filter>()> block(BlockOptions options, std::size_t max_length = 64) {
  options.max_length = max_length;
  return [options] { return std::make_unique<BlockFilter>(options); };
}

std::function<std::unique_ptr<Filter>()> resyncing(BlockOptions options, std::size_t max_length = 64) {
  options.oversize = OversizePolicy::resync;
  return block(std::move(options), max_length);
}

// A length of one's own: a letter, 'a' for 0, 'b' for 1, ..., after a blank that may be missing.
LengthCodec letters() {
  LengthCodec codec;
  codec.encode = [](std::size_t size, std::string& out) -> Result<void> {
    out.append(" ").push_back(static_cast<char>('a' + size % 26));
    return {};
  };
  codec.decode = [](std::string_view bytes) -> Result<std::optional<BlockHead>> {
    const std::size_t blank = bytes.front() == ' ' ? 1 : 0;
    if (bytes.size() == blank) return std::nullopt;
    return BlockHead{blank + 1, static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[blank]) % 32 - 1)};
  };
  codec.longest = 2;
  return codec;
}

std::vector<FilterCase> good_cases() {
  std::vector<FilterCase> cases;
  const auto add = [&](FilterCase c) { cases.push_back(std::move(c)); };
  add({"DecimalP126", block({}), "3\0abc0\0002\0x\0"s, {"abc", "", "x\0"s}, ""});
  add({"DecimalLeadingZerosP126", block({}), "003\0abc"s, {"abc"}, ""});
  add({"DecimalNothing", block({}), "", {}, ""});
  add({"DecimalCutInTheLengthP126", block({}), "3\0abc12"s, {"abc"}, "!protocol"});
  add({"DecimalCutInTheBlockP126", block({}), "3\0abc4\0de"s, {"abc"}, "!protocol"});
  add({"Fixed", block(BlockOptions::fixed(4)), "abcdefghij", {"abcd", "efgh"}, "ij", true, true, false});
  add({"FixedOne", block(BlockOptions::fixed(1)), "abc", {"a", "b", "c"}, "", true, true, false});
  add({"Netstring", block(BlockOptions::netstring()), "5:hello,0:,3:a,b,", {"hello", "", "a,b"}, ""});
  add({"OneOctet", block(BlockOptions(length::u8())), "\3abc\0\1x"s, {"abc", "", "x"}, ""});
  add({"TwoOctets", block(BlockOptions(length::u16())), "\0\3abc\0\0\0\1x"s, {"abc", "", "x"}, ""});
  add({"FourOctets", block(BlockOptions(length::u32())), "\0\0\0\3abc\0\0\0\0"s, {"abc", ""}, ""});
  const std::string longer(300, 'v');
  add({"Varint", block(BlockOptions(length::varint()), 300), "\3abc\0"s + "\xAC\2" + longer, {"abc", "", longer}, ""});
  add({"OwnCodecMaySayNotYetP127", block(BlockOptions(letters())), " dabca cxy", {"abc", "", "xy"}, ""});
  return cases;
}

std::vector<FilterCase> bad_cases() {
  std::vector<FilterCase> cases;
  const auto add = [&](const char* name, auto make, std::string input, Outcome expected) {
    cases.push_back({name, make, std::move(input), std::move(expected), "", true, false, false});
  };
  const std::string longer(100, 'x');
  add("JunkBeforeALengthStopsP126R41", block({}), "1\0ajunk3\0abc1\0b"s, {"a", "!protocol"});
  add("NegativeLengthR41", block({}), "-1\0a"s, {"!protocol"});
  add("NoDigitsR41", block({}), "\0abc"s, {"!protocol"});
  add("EndlessDigitsR41", block({}), "1" + std::string(60, '0') + "\0a"s, {"!protocol"});
  add("LengthOverTwoTo64R41", block({}), "18446744073709551621\0hello"s, {"!protocol"});
  add("LengthJustUnderTwoTo64R41", resyncing({}), "1\0a18446744073709551615\0hello1\0a"s, {"a", "!limit"});
  add("EndlessZerosR41", block({}), std::string(60, '0') + "\0a"s, {"!protocol"});
  add("TooLongStopsP126R41", block({}), "1\0a65\0"s + longer + "1\0b"s, {"a", "!limit"});
  add("TooLongIsSkippedIfAsked", resyncing({}), "1\0a100\0"s + longer + "1\0b0\0"s, {"a", "!limit", "b", ""});
  add("TwoTooLong", resyncing({}), "100\0"s + longer + "100\0"s + longer + "1\0b"s, {"!limit", "!limit", "b"});
  add("TooLongNetstring", resyncing(BlockOptions::netstring()), "100:" + longer + ",1:b,", {"!limit", "b"});
  add("NetstringWithoutComma", block(BlockOptions::netstring()), "1:a,1:bx1:c,", {"a", "!protocol"});
  add("NetstringLeadingZero", block(BlockOptions::netstring()), "0:,01:b,", {"", "!protocol"});
  add("TooLongVarint", block(BlockOptions(length::varint())), "\1a\x80\1"s + longer, {"a", "!limit"});
  add("LongFormVarint", block(BlockOptions(length::varint())), "\1a\x81\x00z"s, {"a", "!protocol"});
  add("EndlessVarint", block(BlockOptions(length::varint())), std::string(20, '\xFF'), {"!protocol"});
  add("TooLongForFourOctets", block(BlockOptions(length::u32())), "\xFF\xFF\xFF\xFF" + longer, {"!limit"});
  return cases;
}

POE_FILTER_SUITE(Block, good_cases());
POE_FILTER_SUITE(BadBlock, bad_cases());

TEST(BlockFilterTest, VariableBlocksAreDigitsANulAndTheOctetsP126) {
  BlockFilter filter;
  std::string wire;
  ASSERT_TRUE(filter.encode("abc", wire));
  ASSERT_TRUE(filter.encode("", wire));
  EXPECT_EQ(wire, "3\0abc0\0"s);
  filter.feed(wire);
  EXPECT_EQ(**filter.next(), "abc");
  EXPECT_EQ(**filter.next(), "");
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(BlockFilterTest, JunkIsAnErrorAndNothingAfterItIsTakenForABlockP126) {
  BlockFilter filter;
  filter.feed("junk3\0abc"sv);
  const auto record = filter.next();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().message(), "cannot read the length of a block: there is an octet that is no digit");
  filter.feed("3\0abc"sv);
  EXPECT_FALSE(filter.next()->has_value());
  EXPECT_EQ(filter.pending_size(), 0U);
  filter.reset();
  const std::string good = "3\0abc"s;
  filter.feed(good);
  EXPECT_EQ(**filter.next(), "abc");
}

TEST(BlockFilterTest, SizesCountOctetsNotCharactersP127) {
  BlockFilter filter;
  std::string wire;
  ASSERT_TRUE(filter.encode("\xC3\xA9", wire));  // one character
  EXPECT_EQ(wire, "2\0\xC3\xA9"s);
}

TEST(BlockFilterTest, FixedBlocksArePutUnpaddedAndUnchecked) {
  BlockFilter filter(BlockOptions::fixed(4));
  std::string wire;
  ASSERT_TRUE(filter.encode("abc", wire));
  ASSERT_TRUE(filter.encode("defgh", wire));
  EXPECT_EQ(wire, "abcdefgh");
}

TEST(BlockFilterTest, WholeBlocksAreViewsIntoTheCallersBytes) {
  BlockFilter filter;
  const std::string wire = "3\0abc1\0d"s;
  filter.feed(wire);
  EXPECT_EQ((**filter.next()).data(), wire.data() + 2);
  EXPECT_EQ((**filter.next()).data(), wire.data() + 7);
}

TEST(BlockFilterTest, AnnouncedLengthsTakeNoMemoryBeforeTheirOctetsCome) {
  BlockFilter filter{BlockOptions(length::u32())};
  filter.feed("\0\xFF\xFF\xFFx"sv);
  EXPECT_FALSE(filter.next()->has_value());
  EXPECT_EQ(filter.pending_size(), 5U);
}

TEST(BlockFilterTest, EncodeRefusesWhatTheHeaderCannotSayAndLeavesTheOutputAlone) {
  BlockFilter small{BlockOptions(length::u8())};
  std::string wire = "kept";
  EXPECT_EQ(small.encode(std::string(256, 'x'), wire).error().code(), Errc::limit);
  BlockOptions options;
  options.max_length = 2;
  EXPECT_EQ(BlockFilter(options).encode("abc", wire).error().code(), Errc::limit);
  EXPECT_EQ(wire, "kept");
}

TEST(BlockFilterTest, KeptBytesOverTheLimitStopItAfterTheBlocksBefore) {
  BlockOptions options;
  options.max_length = 4;
  options.max_buffer = 30;
  BlockFilter filter(options);
  std::string wire;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(filter.encode("abcd", wire));
  filter.feed(wire);
  filter.keep();
  Outcome outcome;
  drain(filter, outcome);
  EXPECT_EQ(outcome, (Outcome{"abcd", "abcd", "abcd", "abcd", "abcd", "!limit"}));
}

TEST(BlockFilterTest, OptionsThatCannotWorkThrow) {
  EXPECT_THROW(BlockFilter(BlockOptions::fixed(0)), std::invalid_argument);
  EXPECT_THROW(BlockFilter{BlockOptions{LengthCodec{}}}, std::invalid_argument);
}

TEST(BlockFilterTest, CodecThatClaimsNoHeaderIsToldP127) {
  LengthCodec codec = letters();
  codec.decode = [](std::string_view) { return BlockHead{0, 0}; };
  BlockFilter filter{BlockOptions(codec)};
  filter.feed("x");
  EXPECT_EQ(filter.next().error().code(), Errc::protocol);
}

TEST(BlockFilterTest, FilterThatGaveUpDropsWhatItIsFed) {
  BlockFilter filter;
  filter.feed("no length");
  EXPECT_FALSE(filter.next());
  expect_given_up(filter);
}

}  // namespace
}  // namespace poe::test
