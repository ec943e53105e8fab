// SPDX-License-Identifier: MIT
#include "poe/filters/regexp_lines.hpp"

#include <algorithm>

#include "filter_suite.hpp"

namespace poe::test {
namespace {

LineOptions lines(std::string_view pattern, RegexpLimits limits = {}) {
  auto made = regexp_lines(pattern, limits);
  EXPECT_TRUE(made) << made.error().message();
  made->max_length = 64;
  return *made;
}

RegexpLimits at_most(std::size_t longest) {
  RegexpLimits limits;
  limits.longest = longest;
  return limits;
}

std::vector<FilterCase> cases() {
  const std::string longer(100, 'x');
  const std::string many(300, '\n');
  std::vector<FilterCase> all;
  const auto add = [&](const char* name, LineOptions options, std::string input, Outcome expected, std::string rest) {
    const auto make = [options] { return std::make_unique<LineFilter>(options); };
    const bool no_limit = std::find(expected.begin(), expected.end(), "!limit") == expected.end();
    all.push_back({name, make, std::move(input), std::move(expected), std::move(rest), true, no_limit, false});
  };
  add("AnyNewlineP125", lines("\r?\n"), "a\r\nb\n\r\nc\rd", {"a", "b", ""}, "c\rd");
  add("EarliestMatchP125", lines("[;,]"), "a;b,,c", {"a", "b", ""}, "c");
  add("Groups", lines("(;)(\\s)*(x|y)?"), "a; b;xc;;d", {"a", "b", "c", ""}, "d");
  add("ShortestLineP125", lines("ab|b"), "xaby", {"x"}, "y");
  add("GreedyEndingWaits", lines("\n+"), "a\n\n\nb\nc", {"a", "b"}, "c");
  add("GreedyEndingAtTheEnd", lines("\n+"), "a\n\n", {}, "a");
  add("AlternativesInTheirOrder", lines("a|ab|abc"), "1abc2ab3a", {"1", "bc2", "b3"}, "");
  add("LookAhead", lines(";(?=[A-Z])"), "a;b;C;d", {"a;b"}, "C;d");
  add("LookAheadAtTheEnd", lines(";(?!x)"), "a;b;xc;", {"a"}, "b;xc");
  add("EndOfTheText", lines("\n$|;"), "a\nb;c\n", {"a\nb"}, "c");
  add("EmptyMatchIsNoEnding", lines("x*"), "abxxc", {"ab"}, "c");
  add("BackReference", lines("(.)\\1"), "abccde", {"ab"}, "de");
  add("CaseAside", lines("(?i)end"), "aENDbend", {"a", "b"}, "");
  add("OctetsAndNoCharacters", lines("\xff"), "\xc3\xa4\xff\xfe", {"\xc3\xa4"}, "\xfe");
  add("TooLongAnEndingIsNone", lines("<[^>]*>", at_most(8)), "a<b>c<1234567>d<123456>e", {"a", "c<1234567>d"}, "e");
  add("TooFarALookAheadIsNone", lines(";(?=[^!]*!)", at_most(8)), "a;2345678!b;23456!c", {"a;2345678!b"}, "23456!c");
  add("ALookAheadToTheEndIsNone", lines(";(?=.*!)", at_most(8)), "a;b!cccccccd", {}, "a;b!cccccccd");
  add("LongestAsLongAsItMayBe", lines("\n+", at_most(4)), "a\n\n\nb\n\n\n\nc", {"a", "b\n"}, "c");
  add("ManyPlacesThatLeadNowhere", lines("\n[^x]*x", at_most(16)), many + "yx\n1x2", {"!limit", ""}, "2");
  add("OneTooLongLineIsOneErrorR38", lines("\r?\n"), "a\r\n" + longer + "\r\nb\n" + longer,
      {"a", "!limit", "b", "!limit"}, "");
  add("StartOfAnythingP125", lines("(?s).{0,3}b"), "aacdeb1b2222", {"aa", ""}, "2222");
  return all;
}

POE_FILTER_SUITE(Regexp, cases());

TEST(RegexpLinesTest, TheEarliestMatchEndsTheLineAndGroupsDisturbNothingP125) {
  LineFilter filter(lines("(;)(\\s)*(x|y)?"));
  filter.feed("a; b;xc;;d");
  for (const char* line : {"a", "b", "c", ""}) EXPECT_EQ(**filter.next(), line);
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(RegexpLinesTest, WhatIsWrongWithAPatternIsSaid) {
  struct Wrong {
    const char* pattern;
    const char* why;
  };
  for (const auto& [pattern, why] :
       {Wrong{"a(b", "missing closing parenthesis, at octet 3"}, Wrong{"[z-a]", "range out of order"},
        Wrong{"(?<=a)b", "looks at what is before"}, Wrong{"\\bx", "looks at what is before"}, Wrong{"(?m)^x", "\"^\""},
        Wrong{"x|^y", "\"^\""}, Wrong{"\\Ax", "\"\\A\""}, Wrong{"x|\\Gy", "\"\\G\""}, Wrong{"a\\Kb", "\"\\K\""},
        Wrong{"(*UTF)x", "\"(*\""}, Wrong{"a(*COMMIT)b", "\"(*\""}}) {
    const auto options = regexp_lines(pattern);
    ASSERT_FALSE(options) << pattern;
    EXPECT_EQ(options.error().code(), Errc::invalid_argument) << pattern;
    EXPECT_NE(options.error().message().find(why), std::string::npos) << options.error().message();
  }
  for (const char* pattern : {"\\(*", "\\\\Ab", "[)(]", "[^x]", "\\^y", "(?s).*x", ".*x"})
    EXPECT_TRUE(regexp_lines(pattern)) << pattern;
}

// Each place of the text takes 2^n steps.
TEST(RegexpLinesTest, APatternThatWouldTakeForEverEndsNoLine) {
  LineFilter filter(lines("(a+)+[bc]|;"));
  const std::string line(60, 'a');
  const std::string input = line + ";b;";
  filter.feed(input);
  EXPECT_EQ(**filter.next(), line);
  EXPECT_EQ(**filter.next(), "b");
}

TEST(RegexpLinesTest, LimitsOutOfRangeBecomeTheNearest) {
  const std::string input = "a\n\nb";
  for (const std::size_t longest : {std::size_t{0}, SIZE_MAX}) {
    LineFilter filter(lines("\n", at_most(longest)));
    filter.feed(input);
    EXPECT_EQ(**filter.next(), "a") << longest;
    EXPECT_EQ(**filter.next(), "") << longest;
    EXPECT_FALSE(filter.next()->has_value()) << longest;
    EXPECT_EQ(**filter.finish(), "b") << longest;
  }
}

TEST(RegexpLinesTest, LinesGoOutWithCrLfAndWhatWouldEndThemCanBeRefused) {
  LineOptions options = lines("[;\n]");
  std::string out;
  ASSERT_TRUE(LineFilter(options).encode("a;b", out));
  EXPECT_EQ(out, "a;b\r\n");
  options.refuse_embedded = true;
  EXPECT_FALSE(LineFilter(options).encode("a;b", out));
  EXPECT_TRUE(LineFilter(options).encode("ab", out));
}

TEST(RegexpLinesTest, NoPatternDetects) {
  LineFilter filter(LineOptions::matching(nullptr));
  filter.feed("a\r\nb\r\n");
  EXPECT_EQ(**filter.next(), "a");
  EXPECT_EQ(**filter.next(), "b");
}

}  // namespace
}  // namespace poe::test
