// SPDX-License-Identifier: MIT
#include "poe/filters/sse.hpp"

#include "filter_suite.hpp"

namespace poe::test {
namespace {

using namespace std::literals;

SseLimits tight() {
  SseLimits limits;
  limits.max_line = 40;
  limits.max_event = 200;
  return limits;
}

std::string show(Filter& filter, std::string_view data) {
  const auto& sse = static_cast<SseFilter&>(filter);
  return sse.event() + "#" + sse.last_event_id() + ":" + std::string(data);
}

std::vector<FilterCase> cases() {
  std::vector<FilterCase> all;
  // A swap forgets the last id and which line ends were used, so only cases without these may be cut by one.
  const auto add = [&](const char* name, std::string input, Outcome expected, bool swap = false) {
    all.push_back({name, [] { return std::make_unique<SseFilter>(tight()); }, std::move(input), std::move(expected), "",
                   true, swap, false});
    all.back().show = show;
  };
  add("One", "data: hello\n\n", {"message#:hello"}, true);
  add("SeveralLines", "data: a\ndata:b\ndata:  c\ndata\n\n", {"message#:a\nb\n c\n"}, true);
  add("TypeAndId", "event: up\nid: 7\ndata: a\n\ndata: b\n\n", {"up#7:a", "message#7:b"});
  add("LineEndsOfAllKinds", "data: a\r\rdata: b\r\n\r\ndata: c\n\n", {"message#:a", "message#:b", "message#:c"});
  add("CommentsAndUnknownFields", ": hi\n\nfoo: bar\ndata: a\n:x\nbaz\n\n", {"message#:a"}, true);
  add("WithoutDataNothing", "event: up\n\nid: 3\n\ndata: a\n\n", {"message#3:a"});
  add("EmptyData", "data\n\ndata:\n\n", {"message#:", "message#:"}, true);
  add("IdWithNulIsIgnored", "id: 1\n\nid: a\0b\ndata: x\n\n"s, {"message#1:x"});
  add("UnfinishedEventIsDropped", "data: a\n\ndata: b\n", {"message#:a"}, true);
  add("LineTooLong", "data: a\ndata: " + std::string(50, 'x') + "\n\ndata: b\n\n",
      {"!limit", "message#:a", "message#:b"});
  std::string many;
  for (int i = 0; i < 20; ++i) many += "data: 123456789\n";
  all.back().may_be_fed_again = false;
  add("EventTooLarge", many + "\ndata: b\n\n", {"!limit", "message#:b"});
  all.back().may_be_fed_again = false;
  return all;
}

POE_FILTER_SUITE(Sse, cases());

TEST(SseFilterTest, EventsComeBackAsTheyWere) {
  SseFilter filter;
  std::string wire;
  SseEvent event("two\nlines\r\nand a third", "up:date", "17");
  event.retry = std::chrono::milliseconds(250);
  ASSERT_TRUE(filter.encode_event(event, wire));
  ASSERT_TRUE(filter.encode_comment("alive", wire));
  ASSERT_TRUE(filter.encode("", wire));
  filter.feed(wire);
  EXPECT_EQ(**filter.next(), "two\nlines\nand a third");
  EXPECT_EQ(filter.event(), "up:date");
  EXPECT_EQ(filter.last_event_id(), "17");
  EXPECT_EQ(filter.retry(), std::chrono::milliseconds(250));
  EXPECT_EQ(**filter.next(), "");
  EXPECT_EQ(filter.event(), "message");
}

TEST(SseFilterTest, LineEndsInTypeIdAndCommentAreRefused) {
  SseFilter filter;
  std::string wire;
  EXPECT_FALSE(filter.encode_event(SseEvent("x", "a\nb"), wire));
  EXPECT_FALSE(filter.encode_event(SseEvent("x", "", "a\rb"), wire));
  EXPECT_FALSE(filter.encode_event(SseEvent("x", "", "a\0b"sv), wire));
  EXPECT_FALSE(filter.encode_comment("a\ndata: b", wire));
  EXPECT_EQ(wire, "");
}

TEST(SseFilterTest, ByteOrderMarkIsSkippedOnceAndRetryMustBeDigits) {
  SseFilter filter;
  filter.feed(
      "\xEF\xBB\xBF"
      "data: a\nretry: 5x\n\n");
  EXPECT_EQ(**filter.next(), "a");
  EXPECT_FALSE(filter.retry());
  filter.feed(
      "\xEF\xBB\xBF"
      "data: b\n\n");
  EXPECT_FALSE(filter.next()->has_value()) << "that is an unknown field now";
}

TEST(SseFilterTest, RetryOverADayIsIgnored) {
  SseFilter filter;
  filter.feed("retry: 86400000\ndata: a\n\nretry: 86400001\ndata: b\n\nretry: 9223372036854775807\ndata: c\n\n");
  for (const char* data : {"a", "b", "c"}) {
    EXPECT_EQ(**filter.next(), data);
    EXPECT_EQ(filter.retry(), std::chrono::hours(24));
  }
}

TEST(SseFilterTest, AnEndlessLineWithinAnEventTakesNoMemory) {
  SseLimits limits;
  limits.max_line = 100;
  SseFilter filter(limits);
  const std::string begin = "data: x\r";
  filter.feed(begin);
  EXPECT_FALSE(filter.next()->has_value());
  const std::string much(1000, 'a');
  filter.feed("\n");
  EXPECT_FALSE(filter.next()->has_value());
  EXPECT_EQ(filter.pending_size(), begin.size() + 1) << "the line's whole ending";
  for (int i = 0; i < 3; ++i) {
    filter.feed(much);
    for (auto record = filter.next(); !record || record->has_value(); record = filter.next()) EXPECT_EQ(i, 0);
    EXPECT_LE(filter.pending_size(), begin.size() + 1) << i;
  }
  filter.feed("a\ndata: y\n\n");
  EXPECT_EQ(**filter.next(), "x\ny");
}

TEST(SseFilterTest, CommentsAloneTakeNoMemory) {
  SseFilter filter(tight());
  for (int i = 0; i < 1000; ++i) {
    filter.feed(": alive\n");
    ASSERT_TRUE(filter.next());
    ASSERT_EQ(filter.pending_size(), 0U);
  }
}

}  // namespace
}  // namespace poe::test
