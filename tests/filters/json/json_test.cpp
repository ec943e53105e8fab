// SPDX-License-Identifier: MIT
#include <vector>

#include "filter_suite.hpp"
#include "idle_memory.hpp"
#include "poe/filters/json_lines.hpp"
#include "poe/filters/reference.hpp"

namespace poe::test {
namespace {

using nlohmann::json;
using namespace std::literals;

JsonLimits tight() {
  JsonLimits limits;
  limits.max_depth = 3;
  limits.max_length = 40;
  limits.max_elements = 6;
  return limits;
}

std::vector<FilterCase> line_cases() {
  std::vector<FilterCase> cases;
  const auto add = [&](const char* name, std::string input, Outcome expected, std::string rest = "") {
    cases.push_back({name, [] { return std::make_unique<JsonLinesFilter>(tight()); }, std::move(input),
                     std::move(expected), std::move(rest), true, true, false});
    cases.back().sample = "[1]";
    cases.back().show = [](Filter& f, std::string_view) { return static_cast<JsonLinesFilter&>(f).value().dump(); };
  };
  add("Values", "{\"a\": 1}\n[true,null]\r\n\"x\"\n 1.5\n", {"{\"a\":1}", "[true,null]", "\"x\"", "1.5"});
  add("EmptyLines", "\n\r\n1\n \n2\n\n", {"1", "2"});
  add("LastWithoutLineEnd", "1\n[2]", {"1"}, "[2]");
  add("BlankAtTheEnd", "1\n \r", {"1"});
  add("BadLineThenGood", "{\n1\n[1,]\n2\n1 2\n'x'\nNaN\n3\n",
      {"!protocol", "1", "!protocol", "2", "!protocol", "!protocol", "!protocol", "3"});
  add("TooDeep", "[[[1]]]\n[[[[1]]]]\n1\n", {"[[[1]]]", "!limit", "1"});
  add("TooMany", "[1,2,3,4,5]\n[1,2,3,4,5,6]\n1\n", {"[1,2,3,4,5]", "!limit", "1"});
  cases.push_back(cases.back());
  cases.back().name = "TooLong";
  cases.back().input = "1\n\"" + std::string(60, 'x') + "\"\n2\n";
  cases.back().expected = {"1", "!limit", "2"};
  cases.back().may_be_cut_by_swap = false;
  return cases;
}

POE_FILTER_SUITE(JsonLines, line_cases());

std::string block(const json& value) {
  std::string out;
  EXPECT_TRUE(BlockFilter().encode(*write_cbor(value), out));
  return out;
}

std::vector<FilterCase> reference_cases() {
  std::vector<FilterCase> cases;
  const auto add = [&](const char* name, std::string input, Outcome expected, std::string rest = "") {
    ReferenceOptions options;
    options.limits = tight();
    cases.push_back({name, [options] { return std::make_unique<ReferenceFilter>(options); }, std::move(input),
                     std::move(expected), std::move(rest), true, true, false});
    cases.back().sample = "\x83\1\2\3";
    cases.back().show = [](Filter& f, std::string_view) { return static_cast<ReferenceFilter&>(f).value().dump(); };
  };
  add("ValuesR45", block({{"a", 1}}) + block({1, "x", nullptr}) + block(2.5), {"{\"a\":1}", "[1,\"x\",null]", "2.5"});
  add("UnknownTypeThenGoodR45", "1\0\x1F"s + block(1) + "1\0\xFF"s + block(2), {"!protocol", "1", "!protocol", "2"});
  add("TagsAreRefusedR45", "2\0\xC1\1"s + block(1), {"!protocol", "1"});
  add("CutInsideTheValueR45", "2\0\x19\1"s + block(1), {"!protocol", "1"});
  add("TooMuchInTheBlockR45", "2\0\1\1"s + block(1), {"!protocol", "1"});
  add("EmptyBlockR45", "0\0"s + block(1), {"!protocol", "1"});
  add("AbsurdArrayR45", "9\0\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s + block(1), {"!protocol", "1"});
  add("AbsurdStringR45", "9\0\x7B\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s + block(1), {"!protocol", "1"});
  add("TooDeepR45", "5\0\x81\x81\x81\x81\1"s + block(1), {"!limit", "1"});
  add("CutOffR45", block(1) + "9\0abc"s, {"1"}, "!protocol");
  return cases;
}

POE_FILTER_SUITE(Reference, reference_cases());

TEST(JsonLimitsTest, DeeplyNestedInputEndsAtTheLimitNotAtTheStack) {
  const std::string cbor(2'000'000, '\x81');
  JsonLimits limits;
  limits.max_length = cbor.size();
  EXPECT_EQ(read_cbor(cbor, limits).error().code(), Errc::limit);
  EXPECT_EQ(read_json(std::string(2'000'000, '['), limits).error().code(), Errc::limit);
}

TEST(JsonLimitsTest, DeeplyNestedValuesAreNotWritten) {
  json value = 1;
  for (int i = 0; i < 65; ++i) value = json::array({std::move(value)});
  EXPECT_EQ(write_cbor(value).error().code(), Errc::limit);
  EXPECT_EQ(write_json(value).error().code(), Errc::limit);
  EXPECT_TRUE(write_json(value.at(0)));
}

TEST(JsonLimitsTest, StringsThatAreNotUtf8AreRefusedAsText) {
  EXPECT_EQ(write_json("\xFF").error().code(), Errc::invalid_argument);
  EXPECT_EQ(read_json("\"\xFF\"").error().code(), Errc::protocol);
}

TEST(JsonLinesFilterTest, ValuesComeBackAsTheyWere) {
  JsonLinesFilter filter;
  std::string wire;
  const json value = {{"text", "two\nlines"}, {"list", {1, 2.5, nullptr, true}}};
  ASSERT_TRUE(filter.encode_value(value, wire));
  ASSERT_TRUE(filter.encode("{ \"a\" :\n1 }", wire)) << "becomes one line";
  EXPECT_FALSE(filter.encode("{", wire));
  filter.feed(wire);
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_EQ(filter.value(), value);
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_EQ(filter.value(), json({{"a", 1}}));
}

TEST(ReferenceFilterTest, ValuesComeBackAsTheyWere) {
  ReferenceFilter filter;
  std::string wire;
  const json value = {
      {"bytes", json::binary({0, 255})}, {"list", {1, -2, 2.5, nullptr, "x"}}, {"none", json::object()}};
  ASSERT_TRUE(filter.encode_value(value, wire));
  EXPECT_FALSE(filter.encode("\xFF", wire));
  filter.feed(wire);
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_EQ(filter.value(), value);
}

// Doubles each octet.
class Doubling final : public Codec {
 public:
  Result<std::string> pack(std::string_view plain) const override {
    std::string out;
    for (const char c : plain) out.append(2, c);
    return out;
  }
  Result<std::string> unpack(std::string_view packed, std::size_t most) const override {
    if (packed.size() / 2 > most) return failure(Errc::limit, "unpack", "a record", "it is too long", "");
    std::string out;
    for (std::size_t i = 0; i < packed.size(); i += 2) out += packed[i];
    return out;
  }
};

TEST(ReferenceFilterTest, CodecPacksEachValueWithinTheLimit) {
  ReferenceOptions options;
  options.codec = std::make_shared<Doubling>();
  options.limits.max_length = 8;
  ReferenceFilter filter(options);
  std::string wire;
  ASSERT_TRUE(filter.encode_value("abc", wire));
  EXPECT_EQ(wire, "8\0cc"s + "aabbcc");
  EXPECT_EQ(filter.encode_value("abcdefghi", wire).error().code(), Errc::limit);
  wire += "20\0"s + std::string(20, 'x');
  filter.feed(wire);
  ASSERT_TRUE(filter.next()->has_value());
  EXPECT_EQ(filter.value(), "abc");
  EXPECT_EQ(filter.next().error().code(), Errc::limit);
}

// A codec that makes one large record of a small one.
class Grower final : public Codec {
 public:
  Result<std::string> pack(std::string_view plain) const override { return std::string(plain); }
  Result<std::string> unpack(std::string_view packed, std::size_t) const override {
    return "\x79\xEA\x60" + std::string(60'000, packed.front());
  }
};

TEST(JsonMemoryTest, IdleFiltersLetGoOfTheirLargestValue) {
  const json large(std::vector<int>(20'000, 1));
  const auto lines = [] { return std::make_unique<JsonLinesFilter>(); };
  EXPECT_LT(held_when_idle(lines, large.dump() + "\n"), 4'000U);
  const auto plain = [] { return std::make_unique<ReferenceFilter>(); };
  std::string wire;
  ASSERT_TRUE(ReferenceFilter().encode_value(large, wire));
  EXPECT_LT(held_when_idle(plain, wire), 4'000U);
  ReferenceOptions options;
  options.codec = std::make_shared<Grower>();
  const auto packed = [&] { return std::make_unique<ReferenceFilter>(options); };
  EXPECT_LT(held_when_idle(packed, "1\0x"s), 4'000U);
}

}  // namespace
}  // namespace poe::test
