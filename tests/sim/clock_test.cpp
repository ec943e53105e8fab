// SPDX-License-Identifier: MIT
// Time on the simulated loop.
#include <chrono>
#include <thread>

#include "sim_fixture.hpp"

namespace poe::test {
namespace {

TEST(SimClockTest, TimeStartsAtOneSecond) { EXPECT_EQ(Sim().now(), 1'000'000'000); }

TEST(SimClockTest, ADayPassesInLessThanASecond) {
  Sim sim;
  const auto started = std::chrono::steady_clock::now();
  const int64_t end = sim.now() + 24 * 3600 * Sim::kSecond;
  int timers = 0;
  while (sim.now() < end) {
    const int64_t deadline = sim.now() + 60 * Sim::kSecond;
    ASSERT_EQ(sim.ops.arm(sim.loop, deadline), 0);
    ASSERT_EQ(sim.step(POE_NEVER_NS), 1);
    ASSERT_EQ(sim.now(), deadline) << "an idle loop's deadline is met to the nanosecond";
    ++timers;
  }
  EXPECT_EQ(timers, 24 * 60);
  EXPECT_EQ(sim.turns, std::vector<uint32_t>(24 * 60, POE_TURN_DEADLINE));
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(1));
}

TEST(SimClockTest, AnIdleStepReturnsNothingAfterItsWait) {
  Sim sim;
  const int64_t start = sim.now();
  EXPECT_EQ(sim.step(5 * Sim::kSecond), 0);
  EXPECT_EQ(sim.now(), start + 5 * Sim::kSecond);
  EXPECT_TRUE(sim.turns.empty());
}

TEST(SimClockTest, AStepThatMayNotWaitNeverReachesADeadlineAhead) {
  Sim sim;
  sim.ops.arm(sim.loop, sim.now() + Sim::kSecond);
  EXPECT_EQ(sim.step(0), 0);
  EXPECT_EQ(sim.step(Sim::kSecond / 2), 0);
  EXPECT_TRUE(sim.turns.empty());
}

TEST(SimClockTest, ABusyProgramStillSeesItsDeadline) {
  Sim sim;
  int pair[2];
  ASSERT_EQ(sim.sys->pipe(sim.sys->ctx, pair), 0);
  ASSERT_EQ(sim.watch(pair[1], POE_WRITE), 0);  // always ready
  sim.ops.arm(sim.loop, sim.now() + Sim::kSecond / 1000);
  int steps = 0;
  while (sim.turns.empty() || (sim.turns.back() & POE_TURN_DEADLINE) == 0) {
    sim.step(0);
    ASSERT_LT(++steps, 2000);
  }
  EXPECT_GT(steps, 10);
}

TEST(SimClockTest, NowAndThePastMeanAFreshTurnWithoutTimePassing) {
  for (const int64_t deadline : {POE_NOW_NS, int64_t{0}, int64_t{999'999'999}}) {
    Sim sim(Options{{"step_cost_ns", "0"}});
    const int64_t start = sim.now();
    EXPECT_EQ(sim.ops.arm(sim.loop, deadline), 0);
    EXPECT_TRUE(sim.turns.empty()) << "never from inside arm()";
    EXPECT_EQ(sim.step(POE_NEVER_NS), 1);
    EXPECT_EQ(sim.turns, std::vector<uint32_t>{POE_TURN_DEADLINE});
    EXPECT_EQ(sim.now(), start);
    EXPECT_EQ(sim.step(0), 0) << "a deadline that has fired is spent";
  }
}

TEST(SimClockTest, ADisarmedDeadlineNeverComes) {
  Sim sim;
  sim.ops.arm(sim.loop, sim.now() + Sim::kSecond);
  sim.ops.arm(sim.loop, POE_NEVER_NS);
  EXPECT_EQ(sim.step(3600 * Sim::kSecond), 0);
}

TEST(SimClockTest, AdvanceLetsTimePassWithoutDelivering) {
  Sim sim;
  const int64_t start = sim.now();
  sim.ops.arm(sim.loop, start + 10);
  EXPECT_EQ(sim.sim->advance(sim.sim->ctx, 200'000'000), 0);
  EXPECT_EQ(sim.now(), start + 200'000'000);
  EXPECT_TRUE(sim.turns.empty());
  EXPECT_EQ(sim.step(0), 1);
  EXPECT_EQ(sim.sim->advance(sim.sim->ctx, -1), -EINVAL);
  EXPECT_EQ(sim.sim->advance(sim.sim->ctx, INT64_MAX), 0);
  EXPECT_EQ(sim.now(), INT64_MAX) << "time stops at its end instead of wrapping";
}

TEST(SimClockTest, TheSystemTableTellsTheSameTime) {
  Sim sim;
  sim.step(Sim::kSecond);
  EXPECT_EQ(sim.sys->clock(sim.sys->ctx, POE_CLOCK_MONOTONIC), sim.now());
  EXPECT_EQ(sim.sys->clock(sim.sys->ctx, POE_CLOCK_REALTIME) - 1'704'067'200'000'000'000, sim.now());
  EXPECT_EQ(sim.sys->clock(sim.sys->ctx, 7), -EINVAL);
}

TEST(SimClockTest, TheWallClockCanBeSetTheOtherDoesNotNotice) {
  Sim sim;
  const int64_t start = sim.now();
  const int64_t wall = sim.sys->clock(sim.sys->ctx, POE_CLOCK_REALTIME);
  EXPECT_EQ(sim.sim->step_wall(sim.sim->ctx, 3600 * Sim::kSecond), 0);
  EXPECT_EQ(sim.sim->step_wall(sim.sim->ctx, -60 * Sim::kSecond), 0);
  EXPECT_EQ(sim.sys->clock(sim.sys->ctx, POE_CLOCK_REALTIME), wall + 3540 * Sim::kSecond);
  EXPECT_EQ(sim.now(), start);
}

TEST(SimClockTest, AWakeFromAThreadEndsAnEndlessWait) {
  Sim sim;
  const int64_t start = sim.now();
  std::thread waker([&] { sim.ops.wake(sim.loop); });
  EXPECT_EQ(sim.step(POE_NEVER_NS), 1);
  waker.join();
  EXPECT_EQ(sim.turns, std::vector<uint32_t>{POE_TURN_WOKEN});
  EXPECT_LT(sim.now() - start, Sim::kSecond) << "virtual time does not follow the real wait";
}

TEST(SimClockTest, ManyWakesMakeOneTurn) {
  Sim sim;
  for (int i = 0; i < 100; ++i) sim.ops.wake(sim.loop);
  EXPECT_EQ(sim.step(0), 1);
  EXPECT_EQ(sim.step(0), 0);
}

}  // namespace
}  // namespace poe::test
