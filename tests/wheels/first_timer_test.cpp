// SPDX-License-Identifier: MIT
//
// Timers that a session sets in `_start`, when its kernel has no loop yet: the time to find and load one belongs to
// none of them.
#include "socket_factory_lab.hpp"

namespace poe::test {
namespace {

constexpr Duration kLoading = 80ms;

/// A plug-in that takes long to load.
class SlowLoop final : public LoopProvider {
 public:
  explicit SlowLoop(const poe_loop_plugin& plugin) : loop_(plugin) {}
  Result<LoopChoice> choose() override {
    const auto since = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - since < kLoading) continue;
    return loop_.choose();
  }
  Result<LoopChoice> join(const Host& host) override { return loop_.join(host); }
  std::string explain() const override { return loop_.explain(); }

 private:
  OneLoop loop_;
};

class FirstTimerTest : public OnEveryLoop {
 protected:
  /// Two timers of the same delay, made one after the other.
  using Make = std::function<Timer(Lab&)>;
  void expect_same_due(const Make& make) {
    KernelOptions options;
    options.os_signals = false;
    Kernel kernel(std::make_unique<SlowLoop>(plugin()), options);
    std::vector<TimePoint> due;
    kernel.spawn<Lab>([&](Lab& lab) {
      for (int i = 0; i < 2; ++i) {
        lab.timers.push_back(make(lab));
        due.push_back(lab.timers.back().due().value_or(TimePoint{}));
      }
      lab.finish();
    });
    ASSERT_EQ(due.size(), 2u);
    EXPECT_GE(due[1], due[0]);
    EXPECT_LT(due[1] - due[0], kLoading / 2) << "the first was counted from before the loop was there";
  }
};
POE_ON_EVERY_LOOP(FirstTimerTest);

inline constexpr Event<> tick{"tick"};

TEST_P(FirstTimerTest, AfterCountsFromWhenTheLoopIsThere) {
  expect_same_due([](Lab& lab) { return lab.after(1s, tick); });
}
TEST_P(FirstTimerTest, AfterZeroCountsFromWhenTheLoopIsThere) {
  expect_same_due([](Lab& lab) { return lab.after(Duration::zero(), tick); });
}
TEST_P(FirstTimerTest, WorkAfterCountsFromWhenTheLoopIsThere) {
  expect_same_due([](Lab& lab) { return lab.after(1s, [] {}); });
}
TEST_P(FirstTimerTest, EveryCountsFromWhenTheLoopIsThere) {
  expect_same_due([](Lab& lab) { return lab.every(1s, tick); });
}
TEST_P(FirstTimerTest, AtNowCountsFromWhenTheLoopIsThere) {
  expect_same_due([](Lab& lab) { return lab.at(lab.now() + 1s, tick); });
}

}  // namespace
}  // namespace poe::test
