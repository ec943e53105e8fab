// SPDX-License-Identifier: MIT
#include "poe/filters/line.hpp"

#include "filter_suite.hpp"

namespace poe::test {
namespace {

std::function<std::unique_ptr<Filter>()> line(LineOptions options, std::size_t max_length = 64) {
  options.max_length = max_length;
  return [options] { return std::make_unique<LineFilter>(options); };
}

LineOptions literal(std::string text) { return LineOptions(std::move(text)); }

std::vector<FilterCase> line_cases() {
  const std::string longer(100, 'x');
  const std::string full(64, 'f');
  std::vector<FilterCase> cases;
  const auto add = [&](FilterCase c) { cases.push_back(std::move(c)); };
  add({"Newline", line({}), "one\ntwo\n\nthree", {"one", "two", ""}, "three"});
  add({"NewlineOnly", line({}), "\n\n\n", {"", "", ""}, ""});
  add({"NothingAtAll", line({}), "", {}, ""});
  add({"CarriageReturnIsDataForNewline", line({}), "a\r\nb\n", {"a\r", "b"}, ""});
  add({"NulIsData", line({}), std::string("a\0b\nc\0", 6), {std::string("a\0b", 3)}, std::string("c\0", 2)});
  add({"CrLf", line(literal("\r\n")), "one\r\ntwo\r\n\r\nthree\r", {"one", "two", ""}, "three\r"});
  add({"CrCrLfEndsAtTheEarliestMatchR36", line(literal("\r\n")), "a\r\r\nb\n\r\nc\r\n", {"a\r", "b\n", "c"}, ""});
  add({"SelfOverlappingPairR36", line(literal("aa")), "xaaayaaaa", {"x", "ay", ""}, ""});
  add({"SelfOverlappingTripleR36", line(literal("aba")), "xababay", {"x"}, "bay"});
  add({"BlankLineAsEndingR36", line(literal("\r\n\r\n")), "h\r\n\r\n\r\nb\r\n\r\n", {"h", "\r\nb"}, ""});
  add({"LongEndingR35", line(literal("--boundary--")), "a--bound--boundary--b--boundary--", {"a--bound", "b"}, ""});
  const std::string nearly(20, 'a');
  add({"VeryLongEndingR35",
       line(literal(nearly + "b")),
       "x" + nearly + nearly + "b" + nearly + "c",
       {"x" + nearly},
       nearly + "c"});
  add({"AnyMixedP123", line(LineOptions::any()), "a\r\nb\nc\rd\n\re\r\n", {"a", "b", "c", "d", "e"}, "", true, false});
  add({"AnyBlankLinesP123", line(LineOptions::any()), "\r\n\r\nx\r\r\n\n", {"", "", "x", "", ""}, "", true, false});
  add({"AnyLoneNewlines", line(LineOptions::any()), "a\nb\n\nc\n", {"a", "b", "", "c"}, ""});
  add({"AnyLoneCarriageReturns", line(LineOptions::any()), "a\rb\r\rc", {"a", "b", ""}, "c"});
  add({"DetectsCrLfP124",
       line(LineOptions::autodetect()),
       "a\r\nb\nc\r\nd\re\r\n",
       {"a", "b\nc", "d\re"},
       "",
       true,
       false});
  add({"DetectsNewlineP124",
       line(LineOptions::autodetect()),
       "a\nb\r\nc\n",
       {"a", "b\r", "c"},
       "",
       true,
       false,
       false});
  add({"DetectsCarriageReturnP124",
       line(LineOptions::autodetect()),
       "a\rb\r\nc\r",
       {"a", "b", "\nc"},
       "",
       true,
       false,
       false});
  add({"DetectsLfCrP124", line(LineOptions::autodetect()), "a\n\rb\nc\n\r", {"a", "b\nc"}, "", true, false, false});
  add({"DetectsOnAnEmptyLineP124", line(LineOptions::autodetect()), "\r\n\na\r\n", {"", "\na"}, "", true, false});
  add({"EmptyLiteralDetectsP124", line(literal("")), "a\nb\r\n", {"a", "b\r"}, "", true, false, false});
  add({"EarliestOfSeveralP125",
       line(LineOptions::one_of({";", "\n"})),
       "a;b\n;c",
       {"a", "b", ""},
       "c",
       true,
       true,
       false});
  add({"LongestOfThoseThatBeginTogetherP125",
       line(LineOptions::one_of({"a", "ab", "abc"})),
       "1abc2ab3a4ababc",
       {"1", "2", "3", "4", ""},
       "",
       true,
       true,
       false});
  add({"NearMissOfTheLongerOneP125",
       line(LineOptions::one_of({"abcd", "b"})),
       "xabcyabcdz",
       {"xa", "cy"},
       "z",
       true,
       true,
       false});
  add({"OneOfRegexSyntaxIsPlainTextP125",
       line(LineOptions::one_of({".*", "(\\r)"})),
       "ab.*c(\\r)d",
       {"ab", "c"},
       "d",
       true,
       true,
       false});
  add({"OneOfNothingDetects", line(LineOptions::one_of({"", ""})), "a\r\nb\r\n", {"a", "b"}, "", true, false});
  add({"ExactlyTheLimitIsFineR38", line({}), full + "\n" + full + "\nz", {full, full}, "z"});
  add({"OneTooLongLineIsOneErrorR38",
       line({}),
       "a\n" + longer + "\nb\n" + longer + "x\n\nc\n",
       {"a", "!limit", "b", "!limit", "", "c"},
       "",
       true,
       false});
  add({"TooLongByOneR38", line(literal("\r\n")), "a\r\n" + full + "x\r\nb\r\n", {"a", "!limit", "b"}, "", true, false});
  add({"FullLineAndHalfAnEndingR38",
       line(literal("\r\n")),
       full + "\r\n" + full + "\r",
       {full},
       "!limit",
       true,
       false});
  add({"TooLongBeforeALongEndingR38",
       line(literal("aab")),
       longer + "aaab" + "1aab",
       {"!limit", "1"},
       "",
       true,
       false});
  add({"TooLongForAnyR38",
       line(LineOptions::any()),
       longer + "\r\nb\r" + longer + "\n\rc\n",
       {"!limit", "b", "!limit", "c"},
       "",
       true,
       false});
  add({"TooLongWhileDetectingR38",
       line(LineOptions::autodetect()),
       longer + "\r\nb\nc\r\n",
       {"!limit", "b\nc"},
       "",
       true,
       false});
  add({"TooLongForOneOfR38",
       line(LineOptions::one_of({"ab", "abab"})),
       longer + "abax" + longer + "abab1ab",
       {"!limit", "!limit"},
       "1",
       true,
       false,
       false});
  add({"TooLongToTheEndR38", line({}), "a\n" + longer + longer, {"a", "!limit"}, "", true, false});
  add({"OnlyEmptyLinesAllowedR38", line({}, 0), "\n\nx\n\n", {"", "", "!limit", ""}, "", true, false, false});
  LineOptions stop;
  stop.oversize = OversizePolicy::stop;
  add({"StopsAtTheFirstTooLongLineR38",
       line(stop),
       "a\n" + longer + "\nb\n" + longer + "\n",
       {"a", "!limit"},
       "",
       true,
       false});
  return cases;
}

POE_FILTER_SUITE(Line, line_cases());

const char* address(std::string_view view) { return view.data(); }

TEST(LineFilterTest, WholeLinesAreViewsIntoTheCallersBytes) {
  LineFilter filter;
  const std::string bytes = "first\nsecond\n";
  filter.feed(bytes);
  EXPECT_EQ(address(**filter.next()), bytes.data());
  EXPECT_EQ(address(**filter.next()), bytes.data() + 6);
}

TEST(LineFilterTest, OnlyTheCutLineIsCopied) {
  LineFilter filter;
  filter.feed("fir");
  ASSERT_FALSE(filter.next()->has_value());
  const std::string bytes = "st\nsecond\n";
  filter.feed(bytes);
  EXPECT_EQ(**filter.next(), "first");
  const std::string_view second = **filter.next();
  EXPECT_EQ(second, "second");
  EXPECT_EQ(address(second), bytes.data() + 3);
}

TEST(LineFilterTest, LineOfAHundredMegabytesIsOneErrorInBoundedMemoryR38) {
  LineFilter filter;
  const std::string block(1 << 16, 'x');
  int errors = 0;
  std::size_t most = 0;
  for (int i = 0; i < 1600; ++i) {
    filter.feed(block);
    for (auto record = filter.next(); !record; record = filter.next()) ++errors;
    most = std::max(most, filter.pending_size());
  }
  EXPECT_EQ(errors, 1);
  EXPECT_LE(most, (std::size_t{64} << 10) + 1);
  filter.feed("tail\nnext\n");
  EXPECT_EQ(**filter.next(), "next");
}

TEST(LineFilterTest, ErrorSaysWhatIsTooLongAndWhatToDoR38) {
  LineOptions options;
  options.max_length = 4;
  LineFilter filter(options);
  filter.feed("12345\n");
  const auto record = filter.next();
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code(), Errc::limit);
  EXPECT_EQ(record.error().message(), "cannot read a line: it is longer than 4 octets");
  EXPECT_EQ(record.error().advice(),
            "raise max_length if such lines are wanted; this one is dropped, the next one follows");
}

TEST(LineFilterTest, StoppedFilterHoldsNothingAndRunsAgainAfterReset) {
  LineOptions options;
  options.max_length = 4;
  options.oversize = OversizePolicy::stop;
  LineFilter filter(options);
  filter.feed("12345\nab\n");
  EXPECT_FALSE(filter.next());
  expect_given_up(filter);
  filter.feed("ef\n");
  EXPECT_EQ(**filter.next(), "mef");
}

TEST(LineFilterTest, KeptBytesOverTheLimitAreReportedAfterTheLinesBefore) {
  LineOptions options;
  options.max_length = 8;
  options.max_buffer = 20;
  LineFilter filter(options);
  filter.feed("line1\nline2\nline3\nline4\nline5\n");
  filter.keep();
  Outcome outcome;
  drain(filter, outcome);
  EXPECT_EQ(outcome, (Outcome{"line1", "line2", "line3", "!limit"}));
  filter.feed("rest of a line\nline6\n");
  drain(filter, outcome);
  EXPECT_EQ(outcome.back(), "line6");
  EXPECT_EQ(outcome.size(), 5U);
}

TEST(LineFilterTest, BufferLimitIsNeverBelowOneLine) {
  LineOptions options;
  options.max_buffer = 1;
  LineFilter filter(options);
  const std::string half(1000, 'x');
  filter.feed(half);
  EXPECT_FALSE(filter.next()->has_value());
  filter.feed("\n");
  EXPECT_EQ((**filter.next()).size(), 1000U);
}

TEST(LineFilterTest, LineIsDeliveredAtItsCarriageReturnWithoutWaitingP123) {
  LineFilter filter(LineOptions::any());
  filter.feed("a\r");
  EXPECT_EQ(**filter.next(), "a");
  filter.feed("\n");
  EXPECT_FALSE(filter.next()->has_value());
  EXPECT_EQ(filter.pending_size(), 0U);
}

TEST(LineFilterTest, OtherHalfOfAnEndingIsSwallowedBeforeASwapIfItIsThere) {
  LineFilter filter(LineOptions::any());
  filter.feed("a\r\nnext protocol");
  EXPECT_EQ(**filter.next(), "a");
  EXPECT_EQ(filter.take_pending(), "next protocol");
}

TEST(LineFilterTest, EncodeAppendsTheEndingEvenIfOneIsThere) {
  LineFilter filter(LineOptions("\r\n"));
  std::string out = "before ";
  ASSERT_TRUE(filter.encode("text\r\n", out));
  EXPECT_EQ(out, "before text\r\n\r\n");
}

TEST(LineFilterTest, OutputEndingMayDifferFromTheInputOne) {
  LineOptions options("\n");
  options.output = "\r\n";
  LineFilter filter(options);
  std::string out;
  ASSERT_TRUE(filter.encode("a", out));
  EXPECT_EQ(out, "a\r\n");
  EXPECT_EQ(*filter.ending(), "\r\n");
}

TEST(LineFilterTest, EncodeRefusesARecordThatHoldsAnEndingIfAsked) {
  LineOptions options = LineOptions::any();
  options.refuse_embedded = true;
  LineFilter filter(options);
  std::string out = "kept";
  for (const std::string_view bad : {"a\r\nb", "a\nb", "a\r"}) {
    const auto refused = filter.encode(bad, out);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
  }
  EXPECT_EQ(filter.ending(), nullptr) << "a wheel is to ask encode()";
  EXPECT_EQ(out, "kept");
  EXPECT_TRUE(filter.encode("fine", out));
}

TEST(LineFilterTest, OutputIsTheSameWhateverTheInputEnding) {
  for (const auto& options : {LineOptions::any(), LineOptions::autodetect(), LineOptions::one_of({"\n"})}) {
    LineFilter filter(options);
    std::string out;
    ASSERT_TRUE(filter.encode("a", out));
    EXPECT_EQ(out, "a\r\n");
  }
}

TEST(LineFilterTest, OneOfSeveralTextsEndsALineAtTheEarliestP125) {
  LineFilter filter(LineOptions::one_of({"--", "(;)", ";"}));
  filter.feed("a(b;c--d(;)e;");
  Outcome outcome;
  drain(filter, outcome);
  EXPECT_EQ(outcome, (Outcome{"a(b", "c", "d", "e"}));
}

TEST(LineFilterTest, CloneKeepsLimitsAndEndingsAndDetectsAnewP122P124) {
  LineOptions options = LineOptions::autodetect();
  options.max_length = 3;
  LineFilter filter(options);
  filter.feed("a\rb");
  EXPECT_EQ(**filter.next(), "a");
  auto clone = filter.clone();
  clone->feed("x\ny\rz\n1234\n");
  Outcome outcome;
  drain(*clone, outcome);
  EXPECT_EQ(outcome, (Outcome{"x", "y\rz", "!limit"}));
}

TEST(LineFilterTest, SwapInsideAHandlerGivesTheRestToTheNewFilterOnceP107P108R43) {
  LineFilter commas{LineOptions(",")};
  LineFilter lines;
  const std::string bytes = "a,b,c\nd\n";
  lines.feed("x\n");
  EXPECT_EQ(**lines.next(), "x");
  commas.feed(bytes);
  const std::string_view record = **commas.next();
  const std::string pending = commas.take_pending();
  EXPECT_EQ(record, "a");
  EXPECT_EQ(pending, "b,c\nd\n");
  lines.feed(pending);
  EXPECT_EQ(**lines.next(), "b,c");
  EXPECT_EQ(**lines.next(), "d");
  EXPECT_FALSE(commas.next()->has_value());
}

TEST(LineFilterTest, EndingMayStraddleManyFeedsOfMixedSizes) {
  LineFilter filter{LineOptions("\r\n\r\n")};
  Outcome outcome;
  for (const std::string_view piece : {"head", "er\r", "\n", "\r", "\nbody\r\n\r", "\n"}) {
    filter.feed(piece);
    drain(filter, outcome);
  }
  EXPECT_EQ(outcome, (Outcome{"header", "body"}));
}

}  // namespace
}  // namespace poe::test
