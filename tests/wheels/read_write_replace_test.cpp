// SPDX-License-Identifier: MIT
//
// A wheel replaced inside its own callbacks. What else may be done there: callbacks_test.cpp.
#include <tuple>

#include "read_write_bench.hpp"

namespace poe::test {
namespace {

// What happens when all goes well, in this order.
const Log kAll{"high", "low", "flushed", "record one", "record two", "error read 0 end_of_file"};

Log up_to(const std::string& last) { return {kAll.begin(), std::find(kAll.begin(), kAll.end(), last) + 1}; }

class ReadWriteReplaceTest : public testing::TestWithParam<std::tuple<std::string, std::string>>,
                             protected ReadWriteRig {
 protected:
  ReadWriteReplaceTest() : ReadWriteRig(std::get<0>(GetParam())) {}
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
INSTANTIATE_TEST_SUITE_P(, ReadWriteReplaceTest,
                         testing::Combine(testing::ValuesIn(built_loops()),
                                          testing::Values("high", "low", "flushed", "record one",
                                                          "error read 0 end_of_file")),
                         [](const auto& info) {
                           std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param);
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST_P(ReadWriteReplaceTest, ReplacedByANewWheelInItsCallbackTheNewOneWorks) {
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
