// SPDX-License-Identifier: MIT
//
// Every callback of ReadWrite, with each thing that could pull the ground from under it.
#include <tuple>

#include "read_write_bench.hpp"

namespace poe::test {
namespace {

// What happens when all goes well, in this order.
const Log kAll{"high", "low", "flushed", "record one", "record two", "error read 0 end_of_file"};

Log up_to(const std::string& last) { return {kAll.begin(), std::find(kAll.begin(), kAll.end(), last) + 1}; }

class ReadWriteMoveTest : public testing::TestWithParam<std::tuple<std::string, std::string>>, protected ReadWriteRig {
 protected:
  ReadWriteMoveTest() : ReadWriteRig(std::get<0>(GetParam())) {}
  const std::string& where() const { return std::get<1>(GetParam()); }

  /// Makes everything in kAll happen, and does `deed` inside the callback under test.
  void play(std::function<void(Bench&)> deed) {
    ReadWriteOptions options = logging();
    options.high_water = 8;
    options.low_water = 4;
    on_note = [this, deed, done = false](const std::string& what) mutable {
      if (what == where() && !std::exchange(done, true)) as_session(deed);
    };
    make(std::move(options));
    with_wheel([](ReadWrite& w) { w.put("0123456789"); });
    settle();
    say("one\ntwo\n");
    settle();
    hear();  // closing with bytes unread would be a reset
    far.reset();
    settle();
  }
};
INSTANTIATE_TEST_SUITE_P(, ReadWriteMoveTest,
                         testing::Combine(testing::ValuesIn(built_loops()),
                                          testing::Values("high", "low", "flushed", "record one",
                                                          "error read 0 end_of_file")),
                         [](const auto& info) {
                           std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param);
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST_P(ReadWriteMoveTest, DroppedInItsCallbackItSaysNothingMoreP111R68) {
  play([](Bench& bench) { bench.wheel = ReadWrite(); });
  EXPECT_EQ(log, up_to(where()));
  EXPECT_TRUE(kernel.alive(id));
}

TEST_P(ReadWriteMoveTest, MovedInItsCallbackItGoesOn) {
  ReadWrite elsewhere;
  play([&](Bench& bench) {
    elsewhere = std::move(bench.wheel);
    EXPECT_FALSE(bench.wheel);
  });
  EXPECT_EQ(log, kAll);
  EXPECT_TRUE(elsewhere);
}

TEST_P(ReadWriteMoveTest, WithItsFilterSwappedInItsCallbackItGoesOnP106) {
  play([](Bench& bench) { bench.wheel.set_filter(LineOptions("\n")); });
  EXPECT_EQ(log, kAll);
}

TEST_P(ReadWriteMoveTest, WithItsSessionStoppedInItsCallbackItIsGoneR68) {
  play([](Bench& bench) {
    EXPECT_FALSE(bench.stop_requested());
    bench.request_stop();
    EXPECT_TRUE(bench.stop_requested());
  });
  EXPECT_FALSE(kernel.alive(id));
  EXPECT_EQ(log, up_to(where())) << "nothing of what was read or written in the same turn may be told any more";
}

TEST_P(ReadWriteMoveTest, WithItsKernelStoppedInItsCallbackItSaysNothingMoreR68) {
  play([this](Bench& bench) {
    kernel.stop();
    EXPECT_TRUE(bench.stop_requested());
  });
  EXPECT_FALSE(kernel.alive(id));
  EXPECT_EQ(log, up_to(where()));
}

TEST_P(ReadWriteMoveTest, ANestedTimesliceInItsCallbackChangesNothing) {
  play([this](Bench&) { ASSERT_TRUE(kernel.run_one_timeslice(Duration::zero())); });
  EXPECT_EQ(log, kAll);
}

TEST_P(ReadWriteMoveTest, ReplacedByANewWheelInItsCallbackTheNewOneWorks) {
  auto pair = make_two_way(sys());
  play([&](Bench& bench) {
    bench.wheel = ReadWrite(bench, ReadWriteOptions(std::move(pair->a.input)));
    bench.wheel.put("hello");
  });
  far = std::move(pair->b.input);
  EXPECT_EQ(hear(), "hello\n");
  EXPECT_EQ(log, up_to(where()));
}

}  // namespace
}  // namespace poe::test
