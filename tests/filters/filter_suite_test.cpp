// SPDX-License-Identifier: MIT
//
// The bodies of the shared suite; they run for each POE_FILTER_SUITE line of this program.
#include "filter_suite.hpp"

namespace poe::test {

Outcome normal(const FilterCase& c, const Outcome& outcome) {
  if (c.has_records) return outcome;
  std::string all;
  for (const std::string& record : outcome) all += record;
  return {all};
}

namespace {

Outcome feed_cut(const FilterCase& c, const std::vector<std::size_t>& cuts) {
  auto filter = c.make();
  Outcome outcome;
  Feeder feed(*filter, outcome, c.show);
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    feed(std::string_view(c.input).substr(from, cut - from));
    from = cut;
  }
  feed(std::string_view(c.input).substr(from));
  Outcome end;
  drain_end(*filter, end, c.show);
  EXPECT_EQ(end, c.rest.empty() ? Outcome{} : Outcome{c.rest}) << "at the end";
  EXPECT_EQ(filter->pending_size(), 0U);
  return normal(c, outcome);
}

TEST_P(FilterSuite, WholeInputGivesTheRecords) { EXPECT_EQ(feed_cut(GetParam(), {}), expected()); }

TEST_P(FilterSuite, AnySingleCutGivesTheSameRecordsR35) {
  for (std::size_t cut = 0; cut <= size(); ++cut) {
    ASSERT_EQ(feed_cut(GetParam(), {cut}), expected()) << "cut at " << cut;
  }
}

TEST_P(FilterSuite, ByteByByteGivesTheSameRecordsR35) {
  std::vector<std::size_t> cuts;
  for (std::size_t at = 1; at < size(); ++at) cuts.push_back(at);
  EXPECT_EQ(feed_cut(GetParam(), cuts), expected());
}

TEST_P(FilterSuite, RandomCutsGiveTheSameRecordsR35) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::size_t> cuts;
    for (int i = 0; i < 20; ++i) cuts.push_back(random() % (size() + 1));
    std::sort(cuts.begin(), cuts.end());
    ASSERT_EQ(feed_cut(GetParam(), cuts), expected()) << "seed " << seed;
  }
}

// Pieces are fed without fetching: the filter must keep them itself.
TEST_P(FilterSuite, FeedingAheadOfFetchingLosesNothing) {
  for (std::size_t cut = 0; cut <= size(); ++cut) {
    auto filter = GetParam().make();
    Outcome outcome;
    auto first = std::make_unique<std::string>(GetParam().input.substr(0, cut));
    const std::string second = GetParam().input.substr(cut);
    filter->feed(*first);
    filter->feed(second);
    first->assign(first->size(), '\xEE');
    first.reset();
    drain(*filter, outcome, {}, show());
    ASSERT_EQ(normal(GetParam(), outcome), expected()) << "cut at " << cut;
  }
}

// keep() between two records of one read: the caller's buffer is gone before the second is asked for.
TEST_P(FilterSuite, KeepingAfterEachRecordLosesNothingP106) {
  auto filter = GetParam().make();
  Outcome outcome;
  std::string bytes = GetParam().input;
  filter->feed(bytes);
  const auto keep = [&] {
    filter->keep();
    bytes.assign(bytes.size(), '\xEE');
  };
  drain(*filter, outcome, keep, show());
  EXPECT_EQ(normal(GetParam(), outcome), expected());
}

// The records of one feed with a successor taking over after `swap_after` of them.
Outcome feed_with_swap(const FilterCase& c, std::size_t cut, std::size_t swap_after) {
  auto filter = c.make();
  Outcome outcome;
  const std::string first = c.input.substr(0, cut);
  filter->feed(first);
  for (std::size_t i = 0; i < swap_after; ++i) {
    auto record = filter->next();
    if (record && !record->has_value()) break;
    outcome.push_back(as_text(*filter, record, c.show));
  }
  const std::string pending = filter->take_pending();
  EXPECT_EQ(filter->pending_size(), 0U);
  auto successor = filter->clone();
  filter.reset();
  Feeder feed(*successor, outcome, c.show);
  feed(pending);
  feed(std::string_view(c.input).substr(cut));
  return normal(c, outcome);
}

TEST_P(FilterSwapSuite, SwappingAtEveryCutLosesAndRepeatsNothingP107P110R43) {
  for (std::size_t cut = 0; cut <= size(); ++cut) {
    for (std::size_t after = 0; after <= GetParam().expected.size(); ++after) {
      ASSERT_EQ(feed_with_swap(GetParam(), cut, after), expected()) << "cut at " << cut << ", swap after " << after;
    }
  }
}

TEST_P(FilterRefeedSuite, PendingBytesFedBackToTheSameFilterChangeNothing) {
  for (std::size_t cut = 0; cut <= size(); ++cut) {
    auto filter = GetParam().make();
    Outcome outcome;
    Feeder feed(*filter, outcome, show());
    feed(std::string_view(GetParam().input).substr(0, cut));
    feed(filter->take_pending());
    feed(std::string_view(GetParam().input).substr(cut));
    ASSERT_EQ(normal(GetParam(), outcome), expected()) << "cut at " << cut;
  }
}

TEST_P(FilterSuite, CloneIsEmptyAndIndependentP122) {
  auto filter = GetParam().make();
  const std::string& input = GetParam().input;
  filter->feed(std::string_view(input).substr(0, size() / 2));
  Outcome ignored;
  drain(*filter, ignored);
  const std::size_t pending = filter->pending_size();
  auto clone = filter->clone();
  EXPECT_EQ(clone->pending_size(), 0U);
  Outcome outcome;
  Feeder(*clone, outcome, show())(input);
  EXPECT_EQ(normal(GetParam(), outcome), expected());
  EXPECT_EQ(filter->pending_size(), pending) << "the clone's input reached the original";
}

TEST_P(FilterSuite, ResetForgetsEverything) {
  auto filter = GetParam().make();
  for (std::size_t cut = 0; cut <= size(); ++cut) {
    Outcome ignored;
    Feeder(*filter, ignored)(std::string_view(GetParam().input).substr(0, cut));
    filter->reset();
    ASSERT_EQ(filter->pending_size(), 0U);
    Outcome outcome;
    Feeder(*filter, outcome, show())(GetParam().input);
    ASSERT_EQ(normal(GetParam(), outcome), expected()) << "reset after " << cut;
    filter->reset();
  }
}

// Has memory that was freed by mistake used again.
void use_freed_memory() {
  std::vector<std::string> blocks;
  for (std::size_t size = 16; size <= 4096; size += 16) blocks.emplace_back(size, '\xEE');
}

// A record's view must survive what a handler does to the filter: answering, and swapping it.
TEST_P(FilterSuite, RecordViewSurvivesEncodingAndTakingThePendingBytes) {
  auto filter = GetParam().make();
  std::string bytes = GetParam().input;
  for (const char c : bytes) {
    filter->feed(std::string_view(&c, 1));
    auto record = filter->next();
    if (!record || !record->has_value()) continue;
    const std::string before(**record);
    std::string answer;
    (void)filter->encode("answer", answer);
    const std::string pending = filter->take_pending();
    use_freed_memory();
    ASSERT_EQ(**record, before);
    filter->feed(pending);
    Outcome ignored;
    drain(*filter, ignored);
  }
}

TEST_P(FilterRoundTripSuite, EncodedRecordsComeBackAsTheyWere) {
  auto sender = GetParam().make();
  auto receiver = GetParam().make();
  std::string wire;
  const Outcome records = {"hello", "", "two words", std::string("\0\x80\xff", 3), std::string(20, 'q')};
  for (const std::string& record : records) ASSERT_TRUE(sender->encode(record, wire));
  Outcome outcome;
  Feeder(*receiver, outcome)(wire);
  EXPECT_EQ(normal(GetParam(), outcome), normal(GetParam(), records));
}

TEST_P(FilterSuite, EncodeWritesTheRecordAndTheEnding) {
  auto filter = GetParam().make();
  const std::string& sample = GetParam().sample;
  std::string encoded;
  ASSERT_TRUE(filter->encode(sample, encoded));
  if (filter->ending() == nullptr) GTEST_SKIP() << "each record has its own form";
  EXPECT_EQ(sample + std::string(*filter->ending()), encoded);
  const auto clone = filter->clone();
  EXPECT_EQ(*clone->ending(), *filter->ending());
}

TEST_P(FilterSuite, JunkNeitherCrashesNorGrowsWithoutBound) {
  std::mt19937 random(42);
  auto filter = GetParam().make();
  for (int round = 0; round < 200; ++round) {
    std::string junk(random() % 700, '\0');
    const bool few = round % 2 == 0;  // few different octets: many near misses
    for (char& c : junk) c = few ? "\r\nabA;"[random() % 7] : static_cast<char>(random());
    Outcome ignored;
    Feeder(*filter, ignored)(junk);
    ASSERT_LE(filter->pending_size(), std::size_t{2} << 20);
  }
}

}  // namespace
}  // namespace poe::test
