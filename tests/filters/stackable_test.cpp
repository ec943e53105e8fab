// SPDX-License-Identifier: MIT
//
// Stackable, and the filters that only make sense in one: Map, Grep, RecordBlock.
#include "poe/filters/stackable.hpp"

#include <cctype>
#include <stdexcept>
#include <typeinfo>

#include "filter_suite.hpp"
#include "poe/filters/block.hpp"
#include "poe/filters/grep.hpp"
#include "poe/filters/line.hpp"
#include "poe/filters/map.hpp"
#include "poe/filters/record_block.hpp"
#include "poe/filters/stream.hpp"

namespace poe::test {
namespace {

using namespace std::string_literals;

std::string upper(std::string_view text) {
  std::string all(text);
  for (char& c : all) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return all;
}

std::string same(std::string_view text) { return std::string(text); }

bool no_comment(std::string_view line) { return !line.starts_with('#'); }

// "a b c" becomes three records, "" none.
void words(std::string_view line, std::vector<std::string>& out) {
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    out.emplace_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
}

RecordBlockOptions pairs(std::size_t max_buffer = std::size_t{1} << 20) {
  RecordBlockOptions options(2);
  options.separator = "+";
  options.max_buffer = max_buffer;
  return options;
}

std::unique_ptr<Filter> line_and(auto... filters) {
  return std::make_unique<StackableFilter>(StackableFilter::of(LineFilter(), std::move(filters)...));
}

std::vector<FilterCase> stack_cases() {
  std::vector<FilterCase> cases;
  const auto add = [&](FilterCase c) { cases.push_back(std::move(c)); };
  const auto one = [](auto... f) { return [=] { return line_and(f...); }; };
  add({"LineAlone", one(), "a\nb\n\nc", {"a", "b", ""}, "c"});
  add({"Empty", [] { return std::make_unique<StackableFilter>(); }, "a\nb", {"a\nb"}, "", false});
  add({"MapP129", one(MapFilter(&upper, &same)), "a\nbc\n\nd", {"A", "BC", ""}, "D", true, true, false});
  add({"MapOneToOne", one(MapFilter(&same)), "a\nbc\n\nd", {"a", "bc", ""}, "d"});
  add({"MapOneToSeveralP129",
       one(MapFilter(&words)),
       "a b\n\nc\nd e f\n",
       {"a", "b", "c", "d", "e", "f"},
       "",
       true,
       false,
       false});
  add({"GrepP129", one(GrepFilter(&no_comment)), "#x\na\n#y\n#z\nb\n\nc#\n#", {"a", "b", "", "c#"}, ""});
  add({"RecordBlockP129", one(RecordBlockFilter(pairs())), "a\nb\n\nd\ne\n", {"a+b", "+d"}, "e", true, true, false});
  add({"RecordBlockOfEmptyRecords", one(RecordBlockFilter(pairs())), "\n\n\n\n", {"+", "+"}, "", true, true, false});
  add({"GrepMapRecordBlockP128",
       one(GrepFilter(&no_comment), MapFilter(&upper, &same), RecordBlockFilter(pairs())),
       "#0\na\n#1\nb\n#2\nc\n#3\n",
       {"A+B"},
       "C",
       true,
       true,
       false});
  add({"LineInLine", one(LineFilter(LineOptions(";"))), "a;\nb\nc;\n;\nd", {"a", "bc", ""}, "d", true, true, false});
  add({"BlockInLine", one(BlockFilter()), "3\0a\nbc\n1\0\nd\n"s, {"abc", "d"}, "", true, true, false});
  add({"StackInAStack",
       [] { return line_and(StackableFilter::of(GrepFilter(&no_comment), MapFilter(&same))); },
       "a\n#b\nc\n",
       {"a", "c"},
       ""});
  return cases;
}

POE_FILTER_SUITE(Stack, stack_cases());

Outcome drained(Filter& filter) {
  Outcome outcome;
  drain(filter, outcome);
  return outcome;
}

std::string encoded(Filter& filter, std::string_view record) {
  std::string out;
  EXPECT_TRUE(filter.encode(record, out));
  return out;
}

TEST(StackableFilterTest, OutputRunsFromTheLastToTheFirst) {
  auto filter = StackableFilter::of(LineFilter(), MapFilter(&same, &upper));
  EXPECT_EQ(encoded(filter, "hello"), "HELLO\n");
}

TEST(StackableFilterTest, EachOfSeveralRecordsIsFramedByItselfP129) {
  auto filter = StackableFilter::of(LineFilter(), MapFilter(&words), GrepFilter(&no_comment));
  EXPECT_EQ(encoded(filter, "a b c"), "a\nb\nc\n");
  EXPECT_EQ(encoded(filter, "#a b c"), "");
  EXPECT_EQ(encoded(filter, ""), "");
}

TEST(StackableFilterTest, EveryFilterIsAskedEvenWhenNothingNewCameP128) {
  auto filter = StackableFilter::of(LineFilter(), MapFilter(&words));
  filter.feed("a b c\n");
  EXPECT_EQ(**filter.next(), "a");
  filter.keep();
  EXPECT_EQ(**filter.next(), "b");
  EXPECT_EQ(**filter.next(), "c");
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(StackableFilterTest, PendingIsRawInputAlsoOfWhatLaterFiltersHoldP110) {
  auto filter =
      StackableFilter::of(LineFilter(LineOptions("\r\n")), MapFilter(&upper, &same), RecordBlockFilter(pairs()));
  filter.feed("a\r\nb\r\nc\r\nd");
  EXPECT_EQ(drained(filter), (Outcome{"A+B"}));
  EXPECT_EQ(filter.pending_size(), 4U);
  EXPECT_EQ(filter.take_pending(), "c\r\nd");
  EXPECT_EQ(filter.pending_size(), 0U);
  filter.feed("e\r\nf\r\n");
  EXPECT_EQ(drained(filter), (Outcome{"E+F"}));
}

TEST(StackableFilterTest, ErrorsOfEachFilterComeThroughHoweverTheBytesAreCutR38) {
  LineOptions small;
  small.max_length = 4;
  const std::string bytes = "a\n123456\nb\nc\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    auto filter = StackableFilter::of(LineFilter(small), MapFilter(&same), RecordBlockFilter(pairs()));
    Outcome outcome;
    Feeder feed(filter, outcome);
    feed(std::string_view(bytes).substr(0, cut));
    feed(std::string_view(bytes).substr(cut));
    EXPECT_EQ(outcome, (Outcome{"!limit", "a+b"})) << "cut at " << cut;
    EXPECT_EQ(filter.pending_size(), 2U) << "cut at " << cut;
  }
}

TEST(StackableFilterTest, RawBytesOfDeliveredRecordsAreNotKept) {
  auto filter = StackableFilter::of(LineFilter(), LineFilter(LineOptions(";")));
  std::size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    filter.feed("ab;c\nd");  // the second filter never holds nothing
    (void)drained(filter);
    most = std::max(most, filter.pending_size());
  }
  EXPECT_LE(most, 20U);
}

// `held` is kept by the last filter while those before it drop all of `dropped`, over and over.
void expect_nothing_kept(StackableFilter filter, std::string_view held, std::string_view dropped) {
  filter.feed(held);
  EXPECT_EQ(drained(filter), Outcome{});
  std::size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    filter.feed(dropped);
    for (auto record = filter.next(); !record || record->has_value(); record = filter.next()) {
      EXPECT_FALSE(record) << "delivered: " << **record;
    }
    most = std::max(most, filter.pending_size());
  }
  EXPECT_LE(most, held.size() + dropped.size() + 1);
  const std::string pending = filter.take_pending();
  EXPECT_TRUE(pending.starts_with(held)) << pending;
}

TEST(StackableFilterTest, NothingIsKeptOfWhatALaterFilterDrops) {
  const RecordBlockFilter last(pairs());
  expect_nothing_kept(StackableFilter::of(LineFilter(), GrepFilter(&no_comment), last), "a\n", "#1\n#2\n#3\n");
  expect_nothing_kept(StackableFilter::of(LineFilter(), MapFilter(&same), GrepFilter(&no_comment), last), "a\n",
                      "#1\n");
  LineOptions fields(";");
  fields.max_length = 20;
  expect_nothing_kept(StackableFilter::of(LineFilter(), LineFilter(fields), last), "a;\n", "an endless field\n");
  expect_nothing_kept(StackableFilter::of(LineFilter(), LineFilter(fields), last), "a;an endless\n",
                      "field, and more\n");
}

TEST(StackableFilterTest, PushedFilterSeesWhatWasNotDelivered) {
  auto filter = StackableFilter::of(LineFilter());
  filter.feed("a\nb\nc");
  EXPECT_EQ(**filter.next(), "a");
  filter.push(std::make_unique<MapFilter>(&upper));
  EXPECT_EQ(**filter.next(), "B");
  filter.feed("d\n");
  EXPECT_EQ(**filter.next(), "CD");
}

TEST(StackableFilterTest, PoppedFiltersRestGoesToTheNextOneOrOut) {
  auto filter = StackableFilter::of(LineFilter(), LineFilter(LineOptions(";")));
  filter.feed("a;b3\n");
  EXPECT_EQ(drained(filter), (Outcome{"a"}));
  EXPECT_EQ(filter.pending_size(), 3U + 2U) << "the record b3 came in one line with a;";
  auto popped = filter.pop();
  EXPECT_EQ(popped->pending_size(), 0U);
  EXPECT_EQ(**filter.next(), "b3");
  EXPECT_EQ(filter.pending_size(), 0U);
  filter.push(std::move(popped));
  filter.feed("x\n");
  EXPECT_FALSE(filter.next()->has_value());
  (void)filter.pop();
  filter.push(std::make_unique<StreamFilter>());
  EXPECT_EQ(**filter.next(), "x");
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(StackableFilterTest, PoppedFiltersRestIsStillRawInputForASwapP110) {
  auto filter = StackableFilter::of(LineFilter(), RecordBlockFilter(3));
  filter.feed("a\nb\nc\nd\ne\nf");
  EXPECT_EQ(**filter.next(), "a\nb\nc");
  EXPECT_FALSE(filter.next()->has_value());
  (void)filter.pop();
  EXPECT_EQ(filter.take_pending(), "d\ne\nf");
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(StackableFilterTest, UnshiftedFilterSeesTheBytesBehindTheRecord) {
  auto filter = StackableFilter::of(LineFilter());
  filter.feed("STARTUPPER\nmore\ntext\n");
  EXPECT_EQ(**filter.next(), "STARTUPPER");
  filter.unshift(std::make_unique<MapFilter>(&upper));
  EXPECT_EQ(filter.pending_size(), 10U);
  EXPECT_EQ(drained(filter), (Outcome{"MORE", "TEXT"}));
  EXPECT_EQ(filter.pending_size(), 0U);
}

TEST(StackableFilterTest, UnshiftKeepsWhatLaterFiltersHold) {
  auto filter = StackableFilter::of(LineFilter(), RecordBlockFilter(2));
  filter.feed("a\nb\nc\nd");
  EXPECT_EQ(drained(filter), (Outcome{"a\nb"}));
  filter.unshift(std::make_unique<StreamFilter>());
  EXPECT_EQ(filter.pending_size(), 3U);
  filter.feed("e\nf\n");
  EXPECT_EQ(drained(filter), (Outcome{"c\nde"}));
  filter.feed("g\n");
  EXPECT_EQ(drained(filter), (Outcome{"f\ng"}));
  EXPECT_EQ(filter.pending_size(), 0U);
}

TEST(StackableFilterTest, ShiftedFiltersRestGoesToTheOneBehind) {
  auto filter = StackableFilter::of(LineFilter(LineOptions("!")), LineFilter());
  filter.feed("a\n!b\nc\nd");
  EXPECT_EQ(**filter.next(), "a");
  (void)filter.shift();
  EXPECT_EQ(drained(filter), (Outcome{"b", "c"}));
  EXPECT_EQ(filter.take_pending(), "d");
  EXPECT_EQ(filter.size(), 1U);
}

TEST(StackableFilterTest, LastFilterMayGoAndTheBytesPassAsTheyAre) {
  auto filter = StackableFilter::of(LineFilter());
  filter.feed("a\nb\nc");
  EXPECT_EQ(**filter.next(), "a");
  (void)filter.shift();
  EXPECT_EQ(**filter.next(), "b\nc");
  filter.feed("d\n");
  EXPECT_EQ(**filter.next(), "d\n");
  EXPECT_EQ(filter.shift(), nullptr);
  EXPECT_EQ(filter.pop(), nullptr);
}

// Its first filter is at its end, the second one has just given what it held.
StackableFilter in_the_middle_of_finish() {
  auto filter = StackableFilter::of(LineFilter(), RecordBlockFilter(2));
  filter.feed("a");
  EXPECT_FALSE(filter.next()->has_value());
  EXPECT_EQ(**filter.finish(), "a");
  return filter;
}

TEST(StackableFilterTest, StackMayChangeWhileItEnds) {
  auto popped = in_the_middle_of_finish();
  (void)popped.pop();
  EXPECT_FALSE(popped.finish()->has_value());
  auto shifted = in_the_middle_of_finish();
  (void)shifted.shift();
  EXPECT_FALSE(shifted.finish()->has_value());
  auto unshifted = in_the_middle_of_finish();
  unshifted.unshift(std::make_unique<StreamFilter>());
  EXPECT_FALSE(unshifted.finish()->has_value());
  auto pushed = in_the_middle_of_finish();
  pushed.push(std::make_unique<MapFilter>(&upper));
  EXPECT_FALSE(pushed.finish()->has_value());
  auto emptied = in_the_middle_of_finish();
  (void)emptied.pop();
  (void)emptied.pop();
  EXPECT_FALSE(emptied.finish()->has_value());
}

TEST(StackableFilterTest, TakingWhatIsPendingBeginsANewStream) {
  auto filter = in_the_middle_of_finish();
  EXPECT_EQ(filter.take_pending(), "");
  filter.feed("b\nc\nd");
  EXPECT_EQ(drained(filter), Outcome{"b\nc"});
  EXPECT_EQ(filter.take_pending(), "d");
}

TEST(StackableFilterTest, NamesItsFilters) {
  auto filter = StackableFilter::of(LineFilter(), MapFilter(&upper));
  EXPECT_EQ(filter.filter_types(), (std::vector<std::string>{"poe::LineFilter", "poe::MapFilter"}));
  EXPECT_EQ(filter.filters().size(), 2U);
  EXPECT_NO_THROW(filter.at<MapFilter>(1).modify(&same));
  EXPECT_THROW((void)filter.at<GrepFilter>(1), std::bad_cast);
  EXPECT_THROW((void)filter.at(2), std::out_of_range);
  EXPECT_THROW(filter.push(nullptr), std::invalid_argument);
}

TEST(MapFilterTest, ModifyAlsoAppliesToWhatIsBufferedP129) {
  auto filter = StackableFilter::of(LineFilter(), MapFilter(&same));
  filter.feed("a\nb\n");
  EXPECT_EQ(**filter.next(), "a");
  filter.at<MapFilter>(1).modify_get(&upper);
  EXPECT_EQ(**filter.next(), "B");
  EXPECT_EQ(encoded(filter, "c"), "c\n");
}

TEST(MapFilterTest, OneCallGivesWhatOneRecordBecomesP129) {
  MapFilter filter(&words);
  filter.feed("a b");
  EXPECT_EQ(**filter.next(), "a");
  EXPECT_EQ(filter.take_pending(), "") << "the record counts as read";
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(MapFilterTest, ExceptionComesOutAndTheNextRecordFollows) {
  auto filter = StackableFilter::of(LineFilter(), MapFilter([](std::string_view line) -> std::string {
                                      if (line == "bad") throw std::runtime_error("bad line");
                                      return std::string(line);
                                    }));
  filter.feed("a\nbad\nb\n");
  EXPECT_EQ(**filter.next(), "a");
  EXPECT_THROW((void)filter.next(), std::runtime_error);
  EXPECT_EQ(**filter.next(), "b");
}

TEST(GrepFilterTest, LosersAreSkippedInsideOneCallP129) {
  GrepFilter filter(&no_comment);
  filter.feed("#a");
  filter.feed("#b");
  filter.feed("c");
  EXPECT_EQ(**filter.next(), "c");
  filter.feed("#d");
  filter.modify_get([](std::string_view) { return true; });
  EXPECT_EQ(**filter.next(), "#d");
  EXPECT_EQ(encoded(filter, "#e"), "");
  EXPECT_THROW(filter.modify({}), std::invalid_argument);
}

TEST(RecordBlockFilterTest, GroupIsOneRecordAndItsMembersCanBeHadP129) {
  auto filter = StackableFilter::of(LineFilter(), RecordBlockFilter(3));
  filter.feed("a\n\nc\nd\n");
  EXPECT_EQ(**filter.next(), "a\n\nc");
  EXPECT_EQ(filter.at<RecordBlockFilter>(1).records(), (std::vector<std::string>{"a", "", "c"}));
  EXPECT_FALSE(filter.next()->has_value());
}

TEST(RecordBlockFilterTest, CheckPutHoldsOutputBackUntilAGroupIsFullP129) {
  RecordBlockOptions options(2);
  options.check_put = true;
  auto filter = StackableFilter::of(LineFilter(), RecordBlockFilter(options));
  EXPECT_EQ(encoded(filter, "a"), "");
  EXPECT_EQ(encoded(filter, "b"), "a\nb\n");
  EXPECT_EQ(encoded(filter, "c"), "");
  auto& block = filter.at<RecordBlockFilter>(1);
  EXPECT_EQ(block.put_pending(), (std::vector<std::string>{"c"}));
  EXPECT_TRUE(block.put_pending().empty());
  block.set_checkput(false);
  EXPECT_EQ(encoded(filter, "d"), "d\n");
}

TEST(RecordBlockFilterTest, SizeMayChangeWhileRunning) {
  auto filter = StackableFilter::of(LineFilter(), RecordBlockFilter(4));
  filter.feed("a\nb\nc\n");
  EXPECT_FALSE(filter.next()->has_value());
  filter.at<RecordBlockFilter>(1).set_blocksize(2);
  EXPECT_EQ(**filter.next(), "a\nb\nc") << "more than a group were held";
  EXPECT_THROW(filter.at<RecordBlockFilter>(1).set_blocksize(0), std::invalid_argument);
  EXPECT_THROW(RecordBlockFilter(0), std::invalid_argument);
}

TEST(RecordBlockFilterTest, GroupOverTheLimitIsOneErrorAndTheNextGroupFollows) {
  auto filter = StackableFilter::of(LineFilter(), RecordBlockFilter(pairs(100)));
  const std::string bytes = "a\n" + std::string(90, 'x') + "\nb\nc\n";
  filter.feed(bytes);
  EXPECT_EQ(drained(filter), (Outcome{"!limit", "b+c"}));
}

TEST(RecordInputTest, EmptyRecordsCountToo) {
  RecordInput queue(100);
  for (int i = 0; i < 10; ++i) queue.feed("");
  queue.keep();
  int records = 0;
  int errors = 0;
  for (;;) {
    const auto record = queue.take();
    if (record && !record->has_value()) break;
    (record ? records : errors) += 1;
  }
  EXPECT_EQ(records, 3);
  EXPECT_EQ(errors, 1);
}

}  // namespace
}  // namespace poe::test
