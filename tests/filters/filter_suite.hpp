// SPDX-License-Identifier: MIT
//
// What every filter must do, whatever it frames: give the same records however the bytes are cut, survive a swap
// anywhere, not mind junk. A filter joins by one line:
//
//     POE_FILTER_SUITE(Line, lineCases());
//
// A case is a filter, an input for it and the outcome of feeding it: records, and errors as "!<code>".
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "poe/filters/filter.hpp"

namespace poe::test {

using Outcome = std::vector<std::string>;

// A record as text, while it is valid.
using Show = std::function<std::string(Filter&, std::string_view)>;

struct FilterCase {
  std::string name;  // letters and digits only
  std::function<std::unique_ptr<Filter>()> make;
  std::string input;
  Outcome expected;
  std::string rest;                // what finish() gives; empty: nothing
  bool has_records = true;         // false: only the joined bytes count, as for a stream
  bool may_be_cut_by_swap = true;  // false: the filter keeps state that no successor can know
  bool round_trip = true;          // false: what it writes is not what it reads
  bool may_be_fed_again = true;    // false: it does not go back to the state it had before the bytes that are pending
  Show show = {};                  // where a record is more than octets
  std::string sample = "payload";  // a record that can be put
};

inline void PrintTo(const FilterCase& c, std::ostream* os) { *os << c.name; }

inline std::string as_text(Filter& filter, const Result<std::optional<std::string_view>>& record, const Show& show) {
  if (!record) return "!" + std::string(to_string(record.error().code()));
  return show ? show(filter, **record) : std::string(**record);
}

// Fetches all there is. `each` runs after every record.
inline void drain(Filter& filter, Outcome& out, const std::function<void()>& each = {}, const Show& show = {}) {
  for (int guard = 0; guard < 100'000; ++guard) {
    auto record = filter.next();
    if (record && !record->has_value()) return;
    out.push_back(as_text(filter, record, show));
    if (each) each();
  }
  FAIL() << "next() never ran dry";
}

inline void drain_end(Filter& filter, Outcome& out, const Show& show = {}) {
  for (int guard = 0; guard < 1000; ++guard) {
    auto record = filter.finish();
    if (record && !record->has_value()) return;
    out.push_back(as_text(filter, record, show));
  }
  FAIL() << "finish() never ran dry";
}

// Feeds pieces whose memory is scribbled over and freed as soon as the filter may not use it any more.
class Feeder {
 public:
  explicit Feeder(Filter& filter, Outcome& out, Show show = {}) : filter_(filter), out_(out), show_(std::move(show)) {}
  void operator()(std::string_view piece) {
    auto bytes = std::make_unique<std::string>(piece);
    filter_.feed(*bytes);
    drain(filter_, out_, {}, show_);
    bytes->assign(bytes->size(), '\xEE');
  }

 private:
  Filter& filter_;
  Outcome& out_;
  Show show_;
};

// A filter that gave up drops what it is fed, until reset().
inline void expect_given_up(Filter& filter) {
  filter.feed("m");
  EXPECT_EQ(filter.pending_size(), 0U) << "behind feed()";
  EXPECT_EQ(filter.take_pending(), "");
  filter.feed("m");
  const auto record = filter.next();
  EXPECT_TRUE(record && !record->has_value());
  EXPECT_EQ(filter.pending_size(), 0U) << "behind next()";
  filter.reset();
  filter.feed("m");
  EXPECT_EQ(filter.pending_size(), 1U) << "behind reset()";
}

// The joined bytes only, where a filter has no records.
Outcome normal(const FilterCase& c, const Outcome& outcome);

class FilterSuite : public testing::TestWithParam<FilterCase> {
 protected:
  Outcome expected() const { return normal(GetParam(), GetParam().expected); }
  std::size_t size() const { return GetParam().input.size(); }
  const Show& show() const { return GetParam().show; }
};

class FilterSwapSuite : public FilterSuite {};
class FilterRefeedSuite : public FilterSuite {};
class FilterRoundTripSuite : public FilterSuite {};

inline std::vector<FilterCase> only(bool FilterCase::*wanted, std::vector<FilterCase> cases) {
  std::erase_if(cases, [&](const FilterCase& c) { return !(c.*wanted); });
  return cases;
}

inline std::string case_name(const testing::TestParamInfo<FilterCase>& info) { return info.param.name; }

}  // namespace poe::test

/// Runs the suite over `cases`, a std::vector<FilterCase>.
#define POE_FILTER_SUITE(prefix, cases)                                                                              \
  INSTANTIATE_TEST_SUITE_P(prefix, FilterSuite, testing::ValuesIn(cases), case_name);                                \
  INSTANTIATE_TEST_SUITE_P(prefix, FilterSwapSuite, testing::ValuesIn(only(&FilterCase::may_be_cut_by_swap, cases)), \
                           case_name);                                                                               \
  INSTANTIATE_TEST_SUITE_P(prefix, FilterRefeedSuite, testing::ValuesIn(only(&FilterCase::may_be_fed_again, cases)), \
                           case_name);                                                                               \
  INSTANTIATE_TEST_SUITE_P(prefix, FilterRoundTripSuite, testing::ValuesIn(only(&FilterCase::round_trip, cases)),    \
                           case_name)
