// SPDX-License-Identifier: MIT
#include "poe/filters/compression.hpp"

#include <random>

#include "filter_suite.hpp"
#include "idle_memory.hpp"
#include "poe/filters/line.hpp"
#include "poe/filters/stackable.hpp"

namespace poe::test {
namespace {

using namespace std::literals;

constexpr Compression kAll[] = {Compression::zstd, Compression::zlib, Compression::gzip};

std::string name_of(Compression how) {
  return how == Compression::zstd ? "Zstd" : how == Compression::zlib ? "Zlib" : "Gzip";
}

std::string text() {
  std::string all;
  for (int i = 0; i < 20; ++i) all += "line " + std::to_string(i * i) + "\n";
  return all;
}

// Each record flushed; two streams behind each other if `twice`.
std::string packed(Compression how, const std::vector<std::string>& records, bool twice = false) {
  CompressionFilter filter{CompressionOptions(how)};
  std::string out;
  for (int turn = twice ? 0 : 1; turn < 2; ++turn) {
    for (const std::string& record : records) EXPECT_TRUE(filter.encode(record, out));
    EXPECT_TRUE(filter.end(out));
  }
  return out;
}

std::vector<FilterCase> cases() {
  std::vector<FilterCase> all;
  for (const Compression how : kAll) {
    const auto make = [how] { return std::make_unique<CompressionFilter>(CompressionOptions(how)); };
    const auto add = [&](const char* name, auto made, std::string input, Outcome expected, std::string rest = "") {
      all.push_back({name_of(how) + name, made, std::move(input), std::move(expected), std::move(rest), false, false});
    };
    add("Whole", make, packed(how, {text()}), {text()});
    add("FlushedRecordByRecord", make, packed(how, {"a", "", "bc", text()}), {"abc" + text()});
    add("TwoStreams", make, packed(how, {"one"}, true), {"oneone"});
    add("CutOff", make, packed(how, {"one", "two"}).substr(0, packed(how, {"one", "two"}).size() - 1), {"onetwo"},
        "!protocol");
    std::string damaged = packed(how, {text(), "two"});
    damaged[damaged.size() - (how == Compression::gzip ? 6U : 1U)] ^= 1;  // of the checksum
    add("BadChecksum", make, damaged, {text() + "two", "!protocol"});
    add("Garbage", make, "no such format", {"!protocol"});
    const auto lines = [how] {
      return std::make_unique<StackableFilter>(
          StackableFilter::of(CompressionFilter(CompressionOptions(how)), LineFilter()));
    };
    add("UnderLines", lines, packed(how, {"a\nb", "b\n", "c\n"}), {"a", "bb", "c"});
    all.back().has_records = true;
    all.back().may_be_fed_again = false;
  }
  // "hello" in the format of zstd 0.7, which Debian's library still reads if it gets the whole magic number at once.
  const std::string old_format = "\x27\xb5\x2f\xfd\x20\x05\x40\x00\x05hello\xc0\x00\x00"s;
  const auto zstd = [] { return std::make_unique<CompressionFilter>(CompressionOptions(Compression::zstd)); };
  // A last block of five octets in a frame of 37. The library gives what it has of such a block, but not with an error.
  const std::string short_frame = "\x28\xb5\x2f\xfd\x20\x25\x29\x00\x00hello"s;
  all.push_back({"ZstdShorterThanItsHeaderSays", zstd, short_frame, {"hell", "!protocol"}, "", false, false});
  // Seven octets in two blocks of a frame of five. The library has no room for the sixth.
  const std::string long_frame = "\x28\xb5\x2f\xfd\x20\x05\x10\x00\x00he\x29\x00\x00llo, "s;
  all.push_back({"ZstdLongerThanItsHeaderSays", zstd, long_frame, {"hello", "!protocol"}, "", false, false});
  const std::string stream = packed(Compression::zstd, {"new"});
  all.push_back({"ZstdOldFormat", zstd, old_format, {"!protocol"}, "", false, false});
  all.push_back({"ZstdOldFormatBehindNew", zstd, stream + old_format, {"new", "!protocol"}, "", false, false});
  all.push_back({"ZstdOldFormatBehindAnOctet", zstd, "(" + old_format, {"!protocol"}, "", false, false});
  return all;
}

POE_FILTER_SUITE(Compression, cases());

class CompressionTest : public testing::TestWithParam<Compression> {};

TEST_P(CompressionTest, EachRecordCanBeReadAtOnce) {
  CompressionFilter sender{CompressionOptions(GetParam())};
  CompressionFilter receiver{CompressionOptions(GetParam())};
  for (const std::string record : {"first", "second", "third"}) {
    std::string wire;
    ASSERT_TRUE(sender.encode(record, wire));
    receiver.feed(wire);
    EXPECT_EQ(**receiver.next(), record);
    EXPECT_FALSE(receiver.next()->has_value());
  }
}

TEST_P(CompressionTest, FirstRecordIsForgottenIfItIsNotSent) {
  CompressionFilter sender{CompressionOptions(GetParam())};
  CompressionFilter receiver{CompressionOptions(GetParam())};
  std::string lost;
  std::string wire;
  ASSERT_TRUE(sender.encode(text(), lost));
  sender.forget_encoded();
  ASSERT_TRUE(sender.encode("second", wire));
  ASSERT_TRUE(sender.end(wire));
  ASSERT_TRUE(sender.encode(text(), lost));
  sender.forget_encoded();  // the first of another stream
  ASSERT_TRUE(sender.encode("third", wire));
  receiver.feed(wire);
  EXPECT_EQ(**receiver.next(), "second");
  EXPECT_EQ(**receiver.next(), "third");
}

TEST_P(CompressionTest, AfterALaterRecordThatIsNotSentNothingIsAccepted) {
  CompressionFilter sender{CompressionOptions(GetParam())};
  std::string wire;
  ASSERT_TRUE(sender.encode("first", wire));
  std::string lost;
  ASSERT_TRUE(sender.encode(text(), lost));
  sender.forget_encoded();
  const std::string before = wire;
  EXPECT_EQ(sender.encode("third", wire).error().code(), Errc::closed);
  EXPECT_EQ(sender.end(wire).error().code(), Errc::closed);
  EXPECT_EQ(wire, before);
  sender.reset();
  EXPECT_TRUE(sender.encode("another stream", wire));
}

TEST_P(CompressionTest, GoesOnWhenAnotherStageRefusesARecordBeforeIt) {
  LineOptions lines;
  lines.refuse_embedded = true;
  const auto make = [&] {
    return StackableFilter::of(CompressionFilter(CompressionOptions(GetParam())), LineFilter(lines));
  };
  StackableFilter sender = make();
  StackableFilter receiver = make();
  std::string wire;
  ASSERT_TRUE(sender.encode("first", wire));
  EXPECT_EQ(sender.encode("no\nline", wire).error().code(), Errc::invalid_argument);
  ASSERT_TRUE(sender.encode("second", wire));
  receiver.feed(wire);
  EXPECT_EQ(**receiver.next(), "first");
  EXPECT_EQ(**receiver.next(), "second");
}

TEST_P(CompressionTest, BombEndsAtTheRatioR47) {
  const std::string bomb = packed(GetParam(), {std::string(64 << 20, '\0')});
  CompressionFilter filter{CompressionOptions(GetParam())};
  filter.feed(bomb);
  std::size_t out = 0;
  for (;;) {
    const auto piece = filter.next();
    if (!piece) {
      EXPECT_EQ(piece.error().code(), Errc::limit);
      break;
    }
    ASSERT_TRUE(piece->has_value()) << "no error after " << out;
    out += (*piece)->size();
  }
  EXPECT_LE(out, 200 * bomb.size() + (128U << 10));
  expect_given_up(filter);
}

// What a stream gives, and the error that ends it, if it comes in pieces of `size`.
std::string given(const CompressionOptions& options, std::string_view wire, std::size_t size) {
  CompressionFilter filter(options);
  std::string all;
  for (; !wire.empty(); wire.remove_prefix(std::min(size, wire.size()))) {
    filter.feed(wire.substr(0, size));
    for (auto piece = filter.next(); !piece || piece->has_value(); piece = filter.next()) {
      if (!piece) return all + "!" + piece.error().message();
      all += **piece;
    }
  }
  return all;
}

// The octet that is one too many for what came in may be in the middle of what one octet gives.
TEST_P(CompressionTest, WhereTheLimitsEndAStreamDoesNotDependOnTheCutsR47) {
  CompressionOptions options(GetParam());
  for (std::size_t before = 0; before < 60; before += 5) {
    const std::string wire = packed(GetParam(), {text().substr(0, before) + std::string(200'000, 'x')});
    for (options.max_ratio = 100; options.max_ratio < 400; ++options.max_ratio) {
      const std::string whole = given(options, wire, SIZE_MAX);
      const std::string cut = given(options, wire, 1);
      EXPECT_TRUE(cut == whole) << before << " octets before, up to " << options.max_ratio << " times: " << whole.size()
                                << " as a whole, " << cut.size() << " octet by octet";
    }
  }
}

TEST_P(CompressionTest, CodecRefusesMoreThanItWasTold) {
  const auto codec = compression_codec(GetParam());
  std::mt19937 random(1);
  std::string noise(200'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  const auto wire = codec->pack(noise);
  ASSERT_TRUE(wire);
  EXPECT_EQ(codec->unpack(*wire, noise.size()), noise);
  EXPECT_EQ(codec->unpack(*wire, noise.size() - 1).error().code(), Errc::limit);
  EXPECT_EQ(codec->unpack(wire->substr(0, wire->size() - 1), noise.size()).error().code(), Errc::protocol);
  EXPECT_EQ(codec->unpack(*wire + "x", noise.size()).error().code(), Errc::protocol);
  EXPECT_EQ(codec->unpack("", 10).error().code(), Errc::protocol);
  const auto bomb = codec->pack(std::string(8 << 20, '\0'));
  EXPECT_EQ(codec->unpack(*bomb, std::size_t{64} << 20).error().code(), Errc::limit) << "the ratio";
}

// As compression.hpp says: what inflate() needs, and no room for a piece.
TEST(CompressionFilterTest, IdleFilterHasNoRoomForOutput) {
  const auto make = [] { return std::make_unique<CompressionFilter>(CompressionOptions(Compression::zlib)); };
  EXPECT_LT(held_when_idle(make, packed(Compression::zlib, {std::string(60'000, 'x')})), 46U << 10);
  EXPECT_LT(held_when_idle(make, "no such format"), 4U << 10);
}

INSTANTIATE_TEST_SUITE_P(All, CompressionTest, testing::ValuesIn(kAll),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace
}  // namespace poe::test
