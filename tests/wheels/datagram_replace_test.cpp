// SPDX-License-Identifier: MIT
//
// A wheel, or its callbacks, replaced inside them. What else may be done there: callbacks_test.cpp.
#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "datagram_bench.hpp"

namespace poe::test {
namespace {

class DatagramReplaceTest : public testing::TestWithParam<std::tuple<std::string, std::string>>, protected DatagramRig {
 protected:
  DatagramReplaceTest() : DatagramRig(std::get<0>(GetParam())) {}
  const std::string& where() const { return std::get<1>(GetParam()); }

  /// Makes everything happen that can be heard of, and does `deed` inside the callback under test: two datagrams that
  /// come, one that is too long, and a full peer that is read later.
  void play(std::function<void(DatagramBench&)> deed) {
    DatagramOptions options = logging(DatagramOptions::bind(abstract("wheel")));
    options.max_size = 1000;
    on_note = [this, deed, done = false](const std::string& what) mutable {
      if (what == where() && !std::exchange(done, true)) as_session(deed);
    };
    make(std::move(options));
    const Fd far = raw(abstract("far"));
    for (int i = 0; i < 5000 && *put(std::string(900, 'x'), abstract("far")) == Sent::sent; ++i) {
    }
    for (const std::string& word : {std::string("one"), std::string(1001, 'x'), std::string("two")}) {
      say(far, word, abstract("wheel"));
    }
    settle();
    hear(far);
    for (int i = 0; i < 30; ++i) slice();
  }
  Log up_to_where() const { return {kAll.begin(), std::find(kAll.begin(), kAll.end(), where()) + 1}; }

  // What happens when all goes well, in this order.
  const Log kAll{"datagram one", "error receive limit", "datagram two", "flushed"};
};
INSTANTIATE_TEST_SUITE_P(, DatagramReplaceTest,
                         testing::Combine(testing::ValuesIn(built_loops()),
                                          testing::Values("datagram one", "error receive limit", "flushed")),
                         [](const auto& info) {
                           std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param);
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST_P(DatagramReplaceTest, ReplacedByANewWheelInItsCallbackTheNewOneWorks) {
  const Fd other = raw(abstract("other"));
  play([&](DatagramBench& bench) {
    bench.wheel = DatagramSocket(bench, DatagramOptions::connect(abstract("other")));
    EXPECT_TRUE(bench.wheel.put("hello"));
  });
  EXPECT_EQ(hear(other), Log{"hello"});
  EXPECT_EQ(log, up_to_where());
}

TEST_P(DatagramReplaceTest, ACallbackMayBeReplacedWhileItRuns) {
  const auto witness = std::make_shared<int>(42);
  play([&, witness](DatagramBench& bench) {
    DatagramOptions same = logging(DatagramOptions());
    bench.wheel.on_datagram(std::move(same.on_datagram));
    bench.wheel.on_error(std::move(same.on_error));
    bench.wheel.on_flushed(std::move(same.on_flushed));
    EXPECT_EQ(*witness, 42);
  });
  EXPECT_EQ(log, kAll);
}

}  // namespace
}  // namespace poe::test
