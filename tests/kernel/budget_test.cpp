// SPDX-License-Identifier: MIT
//
// Nobody starves: neither timers and I/O behind a flood of events, nor events behind themselves (R64, R65).
#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Budgets : public OnEveryLoop {};
POE_ON_EVERY_LOOP(Budgets);

TEST_P(Budgets, AMillionPostsOfOneHandlerLetTimersAndIoThroughR64) {
  constexpr int kPosts = 1'000'000;
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  Watch watch;
  Timer timer;
  int handled = 0, at_io = -1, at_timer = -1;
  bool ordered = true;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
                           at_io = handled;
                           watch.cancel();
                         });
                         self.yield(go);
                       })
                   .on(go,
                       [&](auto&, Self& self) {
                         for (int n = 0; n < kPosts; ++n) self.yield(number, n);
                         timer = self.after(100us, ping);
                       })
                   .on(ping, [&](auto&, Self&) { at_timer = handled; })
                   .on(number, [&](auto&, Self&, int n) { ordered = ordered && n == handled++; }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(handled, kPosts);
  EXPECT_TRUE(ordered);
  EXPECT_LT(at_io, kPosts / 2);
  EXPECT_GE(at_timer, 0);
  EXPECT_LT(at_timer, kPosts / 2);
}

TEST_P(Budgets, ASessionThatPostsToItselfForEverLetsOthersLiveR65Pain24) {
  Pair pair = pipe_pair(kernel);
  Watch watch;
  Timer tick;
  bool over = false;
  int ticks = 0, reads = 0;
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self& self) {
    if (!over) self.yield(ping);
  }));
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
                           if (read_text(pair.here).empty()) return;
                           if (++reads < 5) return;
                           over = true;
                           watch.cancel();
                           tick.cancel();
                         });
                         tick = self.every(1ms, number, 0);
                       })
                   .on(number, [&](auto&, Self&, int) {
                     ++ticks;
                     write_text(pair.there, "x");
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(reads, 5);
  EXPECT_GE(ticks, 5);
}

TEST_P(Budgets, ThePassIsCutAtTheNumberOfEventsAskedFor) {
  KernelOptions options;
  options.budget.events = 10;
  options.budget.time = 1h;
  Kernel small = open_on(GetParam(), options);
  int handled = 0;
  small.spawn(actor()
                  .on(start,
                      [](auto&, Self& self) {
                        for (int n = 0; n < 25; ++n) self.yield(number, n);
                      })
                  .on(number, [&](auto&, Self&, int) { ++handled; }));
  ASSERT_TRUE(succeeded(small.run_one_timeslice(0ns)));
  EXPECT_LE(handled, 10);
  EXPECT_GT(handled, 0);
  ASSERT_TRUE(succeeded(small.run()));
  EXPECT_EQ(handled, 25);
}

TEST_P(Budgets, AnIdleKernelWithATimerTakesFewTurns) {
  Timer timer;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { timer = self.after(30ms, ping); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_LT(kernel.counts().turns, 8u);
}

}  // namespace
}  // namespace poe::test
