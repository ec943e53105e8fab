// SPDX-License-Identifier: MIT
//
// permessage-deflate in frames: RFC 7692, 6 and 7.2.
#include "poe/filters/websocket_deflate.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <random>

#include "filter_suite.hpp"
#include "idle_memory.hpp"
#include "poe/filters/websocket.hpp"

namespace poe::test {
namespace {

using namespace std::literals;

constexpr std::size_t kMost = 300'000;
constexpr std::size_t kShort = 300;  // where every cut is tried

WebSocketOptions with(WebSocketOptions options, WebSocketDeflateTerms terms = {}, WebSocketDeflateOptions how = {}) {
  options.max_message = kMost;
  options.max_frames = 4;
  options.deflate = websocket_deflate(how);
  options.deflate_terms = terms;
  options.mask = [] { return 0U; };
  return options;
}

// From the server to a client, so that the octets can be read here.
std::function<std::unique_ptr<Filter>()> client(std::size_t most = kMost) {
  return [most] {
    WebSocketOptions options = with(WebSocketOptions::client());
    options.max_message = most;
    return std::make_unique<WebSocketFilter>(options);
  };
}

// A server's frames of these messages.
std::string packed(const std::vector<std::string>& messages, WebSocketDeflateTerms terms = {}) {
  WebSocketDeflateOptions how;
  how.threshold = 0;
  WebSocketOptions options = with(WebSocketOptions(), terms, how);
  options.max_message = std::size_t{1} << 30;
  WebSocketFilter filter(options);
  std::string wire;
  for (const std::string& one : messages) EXPECT_TRUE(filter.encode(one, wire));
  return wire;
}

std::string noise(std::size_t size) {
  std::mt19937 random(1);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(' ' + random() % 64);
  return text;
}

std::vector<FilterCase> cases() {
  std::vector<FilterCase> all;
  const auto add = [&](const char* name, std::string input, Outcome expected, std::string rest = "") {
    all.push_back({name, client(kShort), std::move(input), std::move(expected), std::move(rest), true, false, false});
  };
  // RFC 7692, 7.2.3
  const std::string hello = "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"s;
  add("OneBlock", hello, {"Hello"});
  add("TwoFragments", "\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"s, {"Hello"});
  add("SharedWindow", hello + "\xc1\x05\xf2\x00\x11\x00\x00"s, {"Hello", "Hello"});
  add("NoCompression", "\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s, {"Hello"});
  add("FinalBlock", "\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s, {"Hello"});
  add("FinalBlockThenSharedWindow", "\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00\xc1\x05\xf2\x00\x11\x00\x00"s,
      {"Hello", "Hello"});
  add("TwoBlocks", "\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s, {"Hello"});
  add("EmptyFragment", "\x41\x06\xf2\x48\xcd\xc9\xc9\x07\x80\x01\x00"s, {"Hello"});
  add("EmptyMessage", "\xc1\x01\x00"s + hello, {"", "Hello"});
  // RFC 7692, 6: which frames may have the bit
  add("PlainBetweenPacked", hello + "\x81\1x" + "\xc1\x05\xf2\x00\x11\x00\x00"s, {"Hello", "x", "Hello"});
  add("PingBetweenFragments", "\x41\x03\xf2\x48\xcd\x89\1p\x80\x04\xc9\xc9\x07\x00"s, {"p", "Hello"});
  add("Utf8OverFragments", "\x41\x06\x00\x02\x00\xfd\xff\xc3\x80\x02\xa9\x00"s, {"\xc3\xa9"});
  const auto bad = [&](const char* name, std::string input, Outcome expected = {"!protocol"}) {
    add(name, std::move(input) + hello, std::move(expected));
  };
  bad("BitOnAPing", "\xc9\1p");
  bad("BitOnAClose", "\xc8\0"s);
  bad("BitOnAContinuation", "\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00"s);
  bad("BitInAPlainMessage", "\x01\1x\xc0\1x");
  bad("SecondBit", "\xa1\1x");
  bad("ThirdBit", "\xd1\1x");
  bad("NoStream", "\xc1\x04\xff\xff\xff\xff");
  bad("NothingAtAll", "\xc1\0"s);
  bad("StreamCutOff", "\xc1\x03\xf2\x48\xcd");
  bad("NothingBehindTheFinalBlock", "\xc1\x07\xf3\x48\xcd\xc9\xc9\x07\x00"s);
  bad("TooFarBack", "\xc1\x05\xf2\x00\x11\x00\x00"s);
  bad("TextIsNoUtf8", "\xc1\x07\x00\x01\x00\xfe\xff\xff\x00"s);
  bad("WireTooLong", "\xc1\x7f\0\0\0\0\x7f\xff\xff\xff"s, {"!limit"});
  const std::string full = noise(kShort);
  add("AsLongAsMayBe", packed({full, "x", full}), {full, "x", full});
  bad("OneOverTheLimit", packed({full, full + "x"}), {full, "!limit"});
  add("CutOff", hello + "\xc1\x07\xf2\x48", {"Hello"}, "!protocol");
  add("CutOffBetweenFragments", hello + "\x41\x03\xf2\x48\xcd", {"Hello"}, "!protocol");
  return all;
}

POE_FILTER_SUITE(WebSocketDeflate, cases());

TEST(WebSocketDeflateTest, ExamplesOfTheStandardAreWritten) {  // RFC 7692, 7.2.3.1 and 7.2.3.2
  EXPECT_EQ(packed({"Hello", "Hello"}), "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00"s);
  WebSocketDeflateTerms forgetful;
  forgetful.server_no_context_takeover = true;
  EXPECT_EQ(packed({"Hello", "Hello", ""}, forgetful), "\x81\x05Hello\x81\x05Hello\x81\0"s) << "nothing was gained";
}

TEST(WebSocketDeflateTest, BothSidesUnderstandEachOtherWithAnyTerms) {
  for (unsigned how = 0; how < 256; ++how) {
    WebSocketDeflateTerms terms;
    terms.server_no_context_takeover = (how & 1U) != 0;
    terms.client_no_context_takeover = (how & 2U) != 0;
    terms.server_max_window_bits = 8 + static_cast<int>(how >> 2U & 7U);
    terms.client_max_window_bits = 8 + static_cast<int>(how >> 5U);
    WebSocketFilter server(with(WebSocketOptions(), terms));
    WebSocketFilter client(with(WebSocketOptions::client(), terms));
    for (auto [from, to] : {std::pair(&server, &client), std::pair(&client, &server)}) {
      for (const std::string& text : {noise(40'000), noise(400), "short"s, noise(400), noise(40'000)}) {
        std::string wire;
        ASSERT_TRUE(from->encode(text, wire));
        EXPECT_TRUE(text.size() < 64 || wire.size() < text.size()) << how;
        to->feed(wire);
        const auto record = to->next();
        ASSERT_TRUE(record) << how << ": " << record.error().message();
        ASSERT_TRUE(record->has_value() && **record == text) << how;
        ASSERT_FALSE(to->next()->has_value());
      }
    }
  }
}

TEST(WebSocketDeflateTest, OnlyDataOverTheThresholdIsCompressed) {
  WebSocketFilter filter(with(WebSocketOptions()));
  const auto first = [&](WebSocketKind kind, const std::string& text) {
    std::string wire;
    EXPECT_TRUE(filter.encode_as(kind, text, wire));
    return static_cast<unsigned char>(wire[0]);
  };
  EXPECT_EQ(first(WebSocketKind::text, std::string(63, 'x')), 0x81);
  EXPECT_EQ(first(WebSocketKind::text, std::string(64, 'x')), 0xC1);
  EXPECT_EQ(first(WebSocketKind::binary, std::string(64, 'x')), 0xC2);
  EXPECT_EQ(first(WebSocketKind::ping, std::string(100, 'x')), 0x89);
  std::string wire;
  EXPECT_TRUE(filter.encode_close(1000, std::string(100, 'x'), wire));
  EXPECT_EQ(wire[0], '\x88');
}

TEST(WebSocketDeflateTest, WhatWasNotSentIsForgotten) {
  WebSocketFilter server(with(WebSocketOptions()));
  WebSocketFilter reader(with(WebSocketOptions::client()));
  const std::string text = noise(500);
  std::string lost;
  std::string wire;
  ASSERT_TRUE(server.encode(text, lost));
  server.forget_encoded();
  ASSERT_TRUE(server.encode(text, wire));
  reader.feed(wire);
  EXPECT_EQ(**reader.next(), text);
}

// The error, its code to close with, and that nothing was kept.
void expect_refused(std::string_view wire, Errc kind, std::uint16_t code) {
  const auto filter = client()();
  filter->feed(wire);
  const auto record = filter->next();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code(), kind) << record.error().message();
  EXPECT_EQ(static_cast<WebSocketFilter&>(*filter).failure_code(), code);
  expect_given_up(*filter);
}

TEST(WebSocketDeflateTest, FailureCodesSayWhatToCloseWith) {
  expect_refused("\xc1\x04\xff\xff\xff\xff", Errc::protocol, 1007);
  expect_refused("\xc9\1p", Errc::protocol, 1002);
  expect_refused(packed({noise(kMost + 1)}), Errc::limit, 1009);
}

TEST(WebSocketDeflateTest, BombsEndAtTheRatioOrTheLimitR47) {
  expect_refused(packed({std::string(200'000, 'x')}), Errc::limit, 1009);
  const std::size_t before = heap_in_use();
  const auto large = client()();
  const std::string bomb = packed({std::string(std::size_t{256} << 20, 'x')});
  ASSERT_LT(bomb.size(), kMost) << "it passes as a frame";
  large->feed(bomb);
  EXPECT_EQ(large->next().error().code(), Errc::limit);
  EXPECT_LT(heap_in_use(), before + bomb.size() + (std::size_t{1} << 20));
  WebSocketDeflateOptions any;
  any.max_ratio = 0;
  WebSocketFilter trusting(with(WebSocketOptions::client(), {}, any));
  const std::string fine = packed({std::string(kMost, 'x'), std::string(kMost + 1, 'x')});
  trusting.feed(fine);
  EXPECT_EQ((**trusting.next()).size(), kMost);
  EXPECT_EQ(trusting.next().error().code(), Errc::limit);
}

// What an end makes of a fragmented message.
std::string unpacked(const WebSocketDeflateOptions& options, std::string_view packed, std::size_t size,
                     std::size_t most) {
  const auto codec = websocket_deflate(options)->open({}, true);
  std::string text;
  for (; !packed.empty(); packed.remove_prefix(std::min(size, packed.size()))) {
    const auto done = codec->unpack(packed.substr(0, size), size >= packed.size(), most, text);
    if (!done) return "!" + done.error().message();
  }
  return text;
}

// A message may be over the ratio for some octets only, and break off behind them.
TEST(WebSocketDeflateTest, WhetherALimitIsPassedDoesNotDependOnTheCutsR47) {
  const auto server = websocket_deflate()->open({}, false);
  WebSocketDeflateOptions options;
  for (std::size_t same = 70'000; same < 90'000; same += 500) {
    std::string packed;
    server->forget_packed();
    ASSERT_TRUE(server->pack(std::string(same, 'x') + noise(400), packed));
    for (options.max_ratio = 100; options.max_ratio < 300; ++options.max_ratio) {
      const std::string whole = unpacked(options, packed, SIZE_MAX, kMost);
      const std::string cut = unpacked(options, packed, 1, kMost);
      EXPECT_TRUE(cut == whole) << same << " octets before noise, up to " << options.max_ratio
                                << " times: " << whole.size() << " as a whole, " << cut.size() << " octet by octet";
    }
  }
}

TEST(WebSocketDeflateTest, TheRatioIsThatOfOneMessage) {
  std::vector<std::string> same(50, noise(60'000));
  WebSocketFilter reader(with(WebSocketOptions::client()));
  const std::string wire = packed(same);
  reader.feed(wire);
  for (const std::string& text : same) EXPECT_EQ(**reader.next(), text);
}

// One end of a connection that has sent or read a message of so many octets.
struct Ends {
  explicit Ends(std::size_t octets) {
    std::string packed;
    std::string text;
    EXPECT_TRUE(server->pack(noise(octets), packed));
    EXPECT_TRUE(reader->unpack(packed, true, kMost, text));
    EXPECT_TRUE(text == noise(octets));
  }
  std::unique_ptr<WebSocketCodec> server = websocket_deflate()->open({}, false);
  std::unique_ptr<WebSocketCodec> reader = websocket_deflate()->open({}, true);
};

// CPU time that a fragment of empty last blocks takes; the least of some, for others want the processor, too.
std::chrono::nanoseconds cost_of_last_blocks(std::size_t octets_before) {
  const auto cpu_time = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  std::string blocks;
  for (int i = 0; i < 5000; ++i) blocks += "\x03\0"sv;
  auto least = std::chrono::nanoseconds::max();
  for (int round = 0; round < 5; ++round) {
    const Ends ends(octets_before);
    std::string text;
    const auto begin = cpu_time();
    EXPECT_TRUE(ends.reader->unpack(blocks, false, kMost, text));
    least = std::min<std::chrono::nanoseconds>(least, cpu_time() - begin);
  }
  return least;
}

// Why the processor's time: what must not happen is a copy of the window for each block, some 20 times the work.
TEST(WebSocketDeflateTest, LastBlocksCostTheSameWithAnyWindow) {
  EXPECT_LT(cost_of_last_blocks(40'000), 6 * cost_of_last_blocks(100));
}

TEST(WebSocketDeflateTest, LastBlocksKeepAllOfTheWindow) {
  const Ends ends(40'000);  // the window has begun anew at its front
  const std::string again = noise(40'000).substr(40'000 - 32'000);
  std::string packed = "\x03\0\x03\0"s;
  ASSERT_TRUE(ends.server->pack(again, packed));
  ASSERT_LT(packed.size(), 1000u) << "it refers to what came before";
  std::string text;
  ASSERT_TRUE(ends.reader->unpack(packed, true, kMost, text));
  EXPECT_TRUE(text == again);
}

TEST(WebSocketDeflateTest, TheLimitMayBeTheLargestNumber) {
  const Ends ends(100);
  std::string packed;
  std::string text;
  ASSERT_TRUE(ends.server->pack(noise(40'000), packed));
  const auto done = ends.reader->unpack(packed, true, SIZE_MAX, text);
  EXPECT_TRUE(done) << done.error().message();
  EXPECT_TRUE(text == noise(40'000));
}

TEST(WebSocketDeflateTest, OffMeansTheBitIsAnError) {
  WebSocketFilter filter{WebSocketOptions::client()};
  filter.feed("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"sv);
  EXPECT_EQ(filter.next().error().code(), Errc::protocol);
}

// As websocket_deflate.hpp says.
TEST(WebSocketDeflateTest, MemoryOfAConnectionIsAsStated) {
  const WebSocketDeflateTerms agreed = websocket_deflate()->wanted();
  WebSocketDeflateTerms large;
  WebSocketDeflateTerms forgetful;
  forgetful.server_no_context_takeover = true;
  const std::string wire = packed({noise(40'000)});
  const auto inward = [&](WebSocketDeflateTerms terms, const std::string& bytes) {
    return held_when_idle([=] { return std::make_unique<WebSocketFilter>(with(WebSocketOptions::client(), terms)); },
                          bytes);
  };
  EXPECT_LT(inward(large, wire), 41U << 10);
  EXPECT_LT(inward(agreed, packed({noise(40'000)}, agreed)), 13U << 10);
  EXPECT_LT(inward(forgetful, wire), 1U << 10);
  const auto outward = [&](WebSocketDeflateTerms terms) {
    const std::size_t before = heap_in_use();
    WebSocketFilter server(with(WebSocketOptions(), terms));
    {
      std::string text;
      EXPECT_TRUE(server.encode(noise(40'000), text));
    }
    const std::size_t after = heap_in_use();
    return after > before ? after - before : 0;
  };
  EXPECT_LT(outward(agreed), 40U << 10);
  EXPECT_LT(outward(forgetful), 2U << 10);
}

}  // namespace
}  // namespace poe::test
