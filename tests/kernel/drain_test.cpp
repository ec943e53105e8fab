// SPDX-License-Identifier: MIT
//
// Kernel::drain_then_stop(): who handles DRAIN finishes its work, who does not end in time is stopped by force.
#include "kernel_lab.hpp"

namespace poe::test {
namespace {

KernelOptions with_log(LogSink& sink) {
  KernelOptions options;
  options.log = &sink;
  return options;
}

class Drains : public ::testing::TestWithParam<std::string> {
 protected:
  void TearDown() override { kernel.stop(); }
  /// Works in steps of a millisecond until it is told to finish, then for `rest` steps more.
  SessionId worker(const std::string& name, int rest) {
    struct Work {
      int left = -1;  // -1: without end
      Timer next{};
      SignalWatch drain{};
    };
    return kernel.spawn(Inline(Work{})
                            .on(start,
                                [this, name, rest](Work& work, Self& self) {
                                  work.next = self.after(1ms, go);
                                  work.drain = std::move(*self.on_signal("DRAIN", [this, name, rest, &work](auto&) {
                                    log.push_back(name + " drains");
                                    work.left = rest;
                                  }));
                                })
                            .on(go,
                                [](Work& work, Self& self) {
                                  if (work.left != 0) work.next = self.after(1ms, go);
                                  if (work.left > 0) --work.left;
                                })
                            .on(stop, [this, name](Work& work, Self&) {
                              log.push_back(name + (work.left == 0 ? " is done" : " was stopped"));
                            }));
  }
  /// Handles nothing of it.
  SessionId deaf(const std::string& name) {
    return kernel.spawn(actor()
                            .on(start, [this](auto&, Self& self) { pins.push_back(self.keep_alive("deaf")); })
                            .on(stop, [this, name](auto&, Self&) { log.push_back(name + " was stopped"); }));
  }

  KeptLog kept;
  std::vector<KeepAlive> pins;
  Log log;
  Kernel kernel = open_on(GetParam(), with_log(kept));
};
POE_ON_EVERY_LOOP(Drains);

TEST_P(Drains, RunReturnsWhenAllHaveFinished) {
  worker("A", 3);
  worker("B", 0);
  const TimePoint from = kernel.now();
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(std::chrono::hours(1))));
  EXPECT_TRUE(kernel.draining());
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"B drains", "A drains", "B is done", "A is done"}));
  EXPECT_FALSE(kernel.draining());
  EXPECT_LT(kernel.now() - from, std::chrono::minutes(10));
  EXPECT_EQ(kept.lines, Log{});
}

TEST_P(Drains, WhatLivesAfterTheLimitIsStoppedAndNamed) {
  worker("A", 1);
  deaf("D");
  const TimePoint from = kernel.now();
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(200ms)));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"A drains", "A is done", "D was stopped"}));
  EXPECT_GE(kernel.now() - from, 200ms);
  ASSERT_EQ(kept.lines.size(), 1u);
  EXPECT_NE(kept.lines[0].find("1 sessions did not end in time"), std::string::npos) << kept.lines[0];
  EXPECT_NE(kept.lines[0].find("session 2"), std::string::npos) << kept.lines[0];
}

TEST_P(Drains, AskedForInAHandler) {
  deaf("D");
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [&](auto&, Self& self) {
    EXPECT_TRUE(self.kernel().drain_then_stop(1ms));
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"D was stopped"}));
}

TEST_P(Drains, AskedAgainOnlyTheLimitChanges) {
  worker("A", 100000);
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(std::chrono::hours(1))));
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(5ms)));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"A drains", "A was stopped"}));
}

TEST_P(Drains, WithoutTimeItStopsAfterTheSignal) {
  worker("A", 1);
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(0ns)));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"A drains", "A was stopped"}));
}

TEST_P(Drains, DaemonsWithNothingButANameEndAtOnceP055) {
  Alias name;
  kernel.spawn(actor()
                   .on(start, [&](auto&, Self& self) { name = std::move(*self.alias("daemon")); })
                   .on(stop, [&](auto&, Self&) { log.push_back("daemon stop"); }));
  const TimePoint from = kernel.now();
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(std::chrono::hours(1))));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"daemon stop"}));
  EXPECT_LT(kernel.now() - from, std::chrono::minutes(10));  // the limit itself is nothing to run for
}

TEST_P(Drains, AfterwardsTheKernelRunsOthersWithoutALimit) {
  worker("A", 0);
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(10ms)));
  ASSERT_TRUE(succeeded(kernel.run()));
  log.clear();
  Timer late;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { late = self.after(30ms, go); }).on(go, [&](auto&, Self&) {
    log.push_back("late");
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"late"}));
}

TEST_P(Drains, StoppedMeanwhileItIsOver) {
  worker("A", 100000);
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(std::chrono::hours(1))));
  kernel.stop();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(kernel.draining());
}

TEST_P(Drains, WithoutSessionsRunReturnsAtOnce) {
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(std::chrono::hours(1))));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(kernel.draining());
}

TEST(DrainsInAnEnd, AKernelDestroyedWhileItDrainsLeavesNothing) {
  for (const std::string& loop : all_loops()) {
    Kernel kernel = open_on(loop);
    kernel.spawn(actor().on(start, [](auto&, Self& self) { std::move(self.after(1h, go)).detach(); }));
    ASSERT_TRUE(succeeded(kernel.drain_then_stop(1h)));
  }
}

}  // namespace
}  // namespace poe::test
