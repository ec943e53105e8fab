// SPDX-License-Identifier: MIT
#include "poe/filters/websocket.hpp"

#include "filter_suite.hpp"

namespace poe::test {
namespace {

using namespace std::literals;

// From the server to a client, so that the octets can be read here.
std::function<std::unique_ptr<Filter>()> client() {
  return [] {
    WebSocketOptions options = WebSocketOptions::client();
    options.max_message = 300;
    options.max_frames = 4;
    return std::make_unique<WebSocketFilter>(options);
  };
}

std::string show(Filter& filter, std::string_view payload) {
  const auto& socket = static_cast<WebSocketFilter&>(filter);
  std::string text = std::to_string(static_cast<int>(socket.kind()));
  if (socket.kind() == WebSocketKind::close) text += "/" + std::to_string(socket.close_code());
  return text + ":" + std::string(payload);
}

std::vector<FilterCase> cases() {
  std::vector<FilterCase> all;
  const auto add = [&](const char* name, std::string input, Outcome expected, bool swap, std::string rest = "") {
    all.push_back({name, client(), std::move(input), std::move(expected), std::move(rest), true, swap, false});
    all.back().show = show;
  };
  const std::string long_text(300, 'x');
  add("Text", "\x81\x05Hello\x81\0"s, {"1:Hello", "1:"}, true);
  add("BinaryOfTwoLengths", "\x82\x7E\1\x2C"s + long_text + "\x82\1x", {"2:" + long_text, "2:x"}, true);
  add("PingAndPong", "\x89\2hi\x8A\0\x81\1x"s, {"9:hi", "10:", "1:x"}, true);
  add("InParts", "\x01\3Hel\x80\2lo\x81\1x", {"1:Hello", "1:x"}, false);
  add("ControlBetweenParts", "\x01\3Hel\x89\1p\0\0\x80\2lo"s, {"9:p", "1:Hello"}, false);
  add("Utf8OverParts", "\x01\1\xC3\x80\1\xA9", {"1:\xC3\xA9"}, false);
  add("CloseEndsIt",
      "\x88\5\x03\xE8"
      "bye\x81\1x",
      {"8/1000:bye"}, false);
  add("CloseWithoutCode", "\x88\0\x81\1x"s, {"8/1005:"}, false);
  const auto bad = [&](const char* name, std::string input, Outcome expected = {"!protocol"}) {
    add(name, std::move(input) + "\x81\1x", std::move(expected), false);
  };
  bad("ReservedBit", "\xC1\1x");
  bad("ReservedOpcode", "\x83\0"s);
  bad("ReservedControl", "\x8B\0"s);
  bad("MaskedByAServer", "\x81\x81\1\2\3\4x");
  bad("LongFormOfAShortLength", "\x81\x7E\0\1x"s);
  bad("LongestFormOfAShortLength", "\x82\x7F\0\0\0\0\0\0\0\1x"s);
  bad("LengthOverTwoTo63", "\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  bad("PingInParts", "\x09\0"s);
  bad("PingTooLarge", "\x89\x7E\0\x80"s + std::string(128, 'x'));
  bad("GoesOnWithoutBeginning", "\x80\1x");
  bad("BeginsWithinAMessage", "\x01\1a\x01\1b");
  bad("TextIsNoUtf8", "\x81\1\xFF");
  bad("SurrogateInText", "\x81\3\xED\xA0\x80");
  bad("CloseOfOneOctet", "\x88\1x");
  bad("CloseWithACodeThatMayNotBeSent", "\x88\2\x03\xED");
  bad("CloseReasonIsNoUtf8", "\x88\3\x03\xE8\xFF");
  bad("MessageTooLong", "\x82\x7E\1\x2D"s, {"!limit"});
  bad("PartsTooLong", "\x02\x7E\1\x2B"s + long_text.substr(1) + "\x80\2ab", {"!limit"});
  bad("TooManyParts", "\x02\0\0\0\0\0\0\0\0\0"s, {"!limit"});
  add("CutOff", "\x81\1a\x81\5Hel", {"1:a"}, true, "!protocol");
  add("CutOffBetweenParts", "\x01\1a", {}, false, "!protocol");
  return all;
}

POE_FILTER_SUITE(WebSocket, cases());

TEST(WebSocketFilterTest, BothSidesUnderstandEachOther) {
  WebSocketFilter server;
  WebSocketFilter client{WebSocketOptions::client()};
  for (auto [from, to] : {std::pair(&server, &client), std::pair(&client, &server)}) {
    std::string wire;
    const std::string large(70'000, '\xFF');
    ASSERT_TRUE(from->encode("text", wire));
    ASSERT_TRUE(from->encode_as(WebSocketKind::binary, large, wire));
    ASSERT_TRUE(from->encode_as(WebSocketKind::ping, "p", wire));
    ASSERT_TRUE(from->encode_close(1001, "going", wire));
    to->feed(wire);
    EXPECT_EQ(**to->next(), "text");
    EXPECT_EQ(**to->next(), large);
    EXPECT_EQ(**to->next(), "p");
    EXPECT_EQ(to->kind(), WebSocketKind::ping);
    EXPECT_EQ(**to->next(), "going");
    EXPECT_EQ(to->close_code(), 1001);
    EXPECT_EQ(from->encode("more", wire).error().code(), Errc::closed);
  }
}

TEST(WebSocketFilterTest, MaskedFrameOfTheStandardIsRead) {  // RFC 6455, 5.7
  WebSocketFilter server;
  server.feed("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  EXPECT_EQ(**server.next(), "Hello");
  server.feed("\x81\1x");
  EXPECT_EQ(server.next().error().code(), Errc::protocol) << "a client must mask";
  EXPECT_EQ(server.failure_code(), 1002);
}

TEST(WebSocketFilterTest, MasksComeFromTheGivenSource) {
  WebSocketOptions options = WebSocketOptions::client();
  options.mask = [] { return 0x3d21fa37U; };
  WebSocketFilter filter(options);
  std::string wire;
  ASSERT_TRUE(filter.encode("Hello", wire));
  EXPECT_EQ(wire, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

TEST(WebSocketFilterTest, FailureCodesSayWhatToCloseWith) {
  const auto code = [](std::string_view bytes) {
    const auto filter = client()();
    filter->feed(bytes);
    EXPECT_FALSE(filter->next());
    const auto told = static_cast<WebSocketFilter&>(*filter).failure_code();
    expect_given_up(*filter);
    return told;
  };
  EXPECT_EQ(code("\xC1\1x"), 1002);
  EXPECT_EQ(code("\x81\1\xFF"), 1007);
  EXPECT_EQ(code("\x82\x7E\1\x2D"), 1009);
}

TEST(WebSocketFilterTest, WhatCannotBeSentIsRefused) {
  WebSocketFilter filter;
  std::string wire;
  EXPECT_FALSE(filter.encode("\xFF", wire));
  EXPECT_FALSE(filter.encode_as(WebSocketKind::ping, std::string(126, 'x'), wire));
  EXPECT_FALSE(filter.encode_close(1005, "", wire));
  EXPECT_FALSE(filter.encode_close(1000, "\xFF", wire));
  EXPECT_FALSE(filter.encode(std::string((std::size_t{1} << 20) + 1, 'x'), wire));
  EXPECT_EQ(wire, "");
}

TEST(WebSocketAcceptTest, ProofOfTheStandard) {  // RFC 6455, 1.3
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_FALSE(websocket_accept("dGhlIHNhbXBsZSBub25jZQ="));
  EXPECT_FALSE(websocket_accept("dGhlIHNhbXBsZSBub25jZ!=="));
  EXPECT_FALSE(websocket_accept(""));
}

}  // namespace
}  // namespace poe::test
