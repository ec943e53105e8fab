// SPDX-License-Identifier: MIT
//
// POE's alarms as handles: set, moved, cancelled, told, and by the wall clock (inventory 1.3, P009-P022; R70).
#include <algorithm>

#include "kernel_lab.hpp"
#include "poe/sim_abi.h"

namespace poe::test {
namespace {

class Alarms : public OnEveryLoop {
 protected:
  /// A session that logs each `text` and does `work` at its start.
  SessionId listener(Fn<void(Self&)> work) {
    return kernel.spawn(actor()
                            .on(text, [this](auto&, Self&, const std::string& t) { log.push_back(t); })
                            .on(start, [f = std::move(work)](auto&, Self& self) mutable { f(self); }));
  }
  WallTime wall_now() {
    const poe_sys& sys = **kernel.system();
    return WallTime(Duration(sys.clock(sys.ctx, POE_CLOCK_REALTIME)));
  }
  Log log;
  std::vector<Timer> timers;
};
POE_ON_EVERY_LOOP(Alarms);

TEST_P(Alarms, CancelledOnesLeavePostedEventsOfTheirNameP009) {
  listener([&](Self& self) {
    Timer timer = self.after(1ms, text, "timer");
    Timer soon = self.after(0ns, text, "timer");
    self.yield(text, "posted");
    timer.cancel();
    soon.cancel();
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"posted"}));
}

TEST_P(Alarms, OfOneEventAndSessionAreIndependentP010) {
  listener([&](Self& self) {
    for (const char* name : {"one", "two", "three"}) timers.push_back(self.after(1ms, text, name));
    timers[1].cancel();
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"one", "three"}));
}

TEST_P(Alarms, CancelledAgainOrMovedAfterwardsAreHarmlessP011) {
  listener([&](Self& self) {
    Timer timer = self.after(1ms, text, "never");
    timer.cancel();
    timer.cancel();
    EXPECT_FALSE(timer);
    EXPECT_EQ(timer.due(), std::nullopt);
    EXPECT_EQ(timer.restart(1ms).error().code(), Errc::cancelled);
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(log.empty());
}

TEST_P(Alarms, MoveRelativeToTheirDueTimeOrToNowP013) {
  listener([&](Self& self) {
    Timer timer = self.after(50s, text, "never");
    const TimePoint first = *timer.due();
    EXPECT_TRUE(succeeded(timer.move_to(first - 2s)));  // POE's alarm_adjust
    EXPECT_EQ(*timer.due(), first - 2s);
    const TimePoint before = self.now();
    EXPECT_TRUE(succeeded(timer.restart(5s)));  // delay_adjust
    EXPECT_GE(*timer.due(), before + 5s);
    EXPECT_LE(*timer.due(), self.now() + 5s);
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(log.empty());
}

TEST_P(Alarms, MovedToTheTimeTheyHaveKeepTheirPlaceP014) {
  listener([&](Self& self) {
    const TimePoint due = self.now() + 1ms;
    for (const char* name : {"one", "two", "three"}) timers.push_back(self.at(due, text, name));
    EXPECT_TRUE(succeeded(timers[0].move_to(due)));
    EXPECT_TRUE(succeeded(timers[1].move_to(due + 1ns)));
    EXPECT_TRUE(succeeded(timers[1].move_to(due)));  // it had left: behind its equals now
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"one", "three", "two"}));
}

TEST_P(Alarms, CancelTimersTellsThemAndLeavesEverythingElseP015P016) {
  std::vector<CancelledTimer> cancelled;
  TimePoint early, late;
  Timer others, work;
  bool worked = false;
  listener([&](Self& self) { others = self.after(1ms, text, "another session's"); });
  listener([&](Self& self) {
    late = self.now() + 2s;
    early = self.now() + 1s;
    timers.push_back(self.at(late, text, "late"));
    timers.push_back(self.at(early, number, 7));
    timers.push_back(self.every(1ms, ping));
    timers.push_back(self.after(0ns, text, "soon"));
    work = self.after(1ms, [&] { worked = true; });
    self.yield(text, "posted");
    cancelled = self.cancel_timers();
  });
  for (const Timer& timer : timers) EXPECT_FALSE(timer);
  ASSERT_TRUE(succeeded(kernel.run()));
  std::sort(log.begin(), log.end());
  EXPECT_EQ(log, (Log{"another session's", "posted"}));
  EXPECT_TRUE(worked);  // what wheels do is theirs
  ASSERT_EQ(cancelled.size(), 4u);
  EXPECT_EQ(cancelled[2].event, "number");
  EXPECT_EQ(cancelled[2].due, early);
  EXPECT_EQ(cancelled[2].arguments, (std::vector<Value>{7}));
  EXPECT_EQ(cancelled[3].event, "text");
  EXPECT_EQ(cancelled[3].due, late);
  EXPECT_EQ(cancelled[3].arguments, (std::vector<Value>{"late"}));
}

TEST_P(Alarms, OfTheWallClockAreNeverEarlyP019) {
  WallTime due, came;
  listener([&](Self& self) {
    due = wall_now() + 30ms;
    timers.push_back(self.at(due, text, "wall"));
    timers.push_back(self.at(wall_now() - 1h, text, "past"));
    self.yield(text, "posted");
    self.at(due, go).detach();
  });
  const SessionId second =
      kernel.spawn(actor().on(go, [&](auto&, Self&) { came = wall_now(); }).on(start, [&](auto&, Self& self) {
        self.at(due, go).detach();
      }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(kernel.alive(second));
  EXPECT_EQ(log, (Log{"past", "posted", "wall"}));
  EXPECT_GE(came, due);
}

TEST_P(Alarms, OfOneWallTimeKeepTheirOrderP020) {
  listener([&](Self& self) {
    const WallTime due = wall_now() + 2ms;
    for (int n = 0; n < 20; ++n) timers.push_back(self.at(due, text, std::to_string(n + 100)));
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log.size(), 20u);
  EXPECT_TRUE(std::is_sorted(log.begin(), log.end()));
}

TEST_P(Alarms, OfTheWallClockCanBeMovedAndCancelledLikeOthers) {
  listener([&](Self& self) {
    timers.push_back(self.at(wall_now() + 1h, text, "to this clock"));
    timers.push_back(self.at(wall_now() + 1h, text, "cancelled"));
    timers.push_back(self.after(10h, text, "to the wall clock"));
    EXPECT_TRUE(succeeded(timers[0].restart(1ms)));
    timers[1].cancel();
    EXPECT_TRUE(succeeded(timers[2].move_to(wall_now() + 2ms)));
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"to this clock", "to the wall clock"}));
}

TEST_P(Alarms, FractionsOfASecondCountP022) {
  const TimePoint base = kernel.now() + 1ms;
  listener([&](Self& self) {
    timers.push_back(self.at(base + 3us, text, "3"));
    timers.push_back(self.at(base + 1us, text, "1"));
    timers.push_back(self.at(base + 2us + 1ns, text, "2 and a bit"));
    timers.push_back(self.at(base + 2us, text, "2"));
    EXPECT_EQ(*timers[2].due() - *timers[3].due(), 1ns);
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"1", "2", "2 and a bit", "3"}));
}

TEST_P(Alarms, TheQueueCountsTheKernelsOwnEventsTooP022) {
  EXPECT_EQ(kernel.counts().queued, 0u);
  const SessionId id = listener([](Self& self) { self.yield(text, "x"); });
  EXPECT_EQ(kernel.counts().queued, 2u);  // and the one that gives a new session its chance (P042)
  ASSERT_TRUE(kernel.post(id, text, "y"));
  EXPECT_EQ(kernel.counts().queued, 3u);
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(kernel.counts().queued, 0u);
}

// ---- ticks that were missed

/// Ticks every 2 ms, the first of which is handled for 9 ms; when each came, in periods from the first.
class MissedTicks : public OnEveryLoop {
 protected:
  std::vector<std::int64_t> ticks(Missed missed, std::size_t count) {
    std::vector<std::int64_t> came;
    Timer timer;
    TimePoint first;
    kernel.spawn(actor()
                     .on(start,
                         [&](auto&, Self& self) {
                           timer = self.every(2ms, missed, ping);
                           first = *timer.due();
                         })
                     .on(ping, [&](auto&, Self& self) {
                       came.push_back((self.now() - first) / 2ms);
                       if (came.size() == 1) {
                         const TimePoint until = first + 9ms;
                         Kernel& k = self.kernel();
                         while (k.now() < until) static_cast<void>(k.run_one_timeslice(until - k.now()));
                       }
                       if (came.size() == count) timer.cancel();
                     }));
    EXPECT_TRUE(succeeded(kernel.run()));
    return came;
  }
};
POE_ON_EVERY_LOOP(MissedTicks);

TEST_P(MissedTicks, CoalesceIntoOnePain30) {
  const auto came = ticks(Missed::coalesce, 3);
  EXPECT_GE(came[1], 4);  // at once, for those of 2, 4, 6 and 8 ms
  EXPECT_GT(came[2], came[1]);
}

TEST_P(MissedTicks, CatchUpOneByOnePain30) {
  const auto came = ticks(Missed::catch_up, 5);
  for (std::size_t n = 1; n < 5; ++n) EXPECT_GE(came[n], static_cast<std::int64_t>(n));
  if (GetParam() == "sim") {
    EXPECT_EQ(came, (std::vector<std::int64_t>{0, 4, 4, 4, 4}));
  }
}

TEST_P(MissedTicks, AreSkippedForTheNextOfTheGridPain30) {
  const auto came = ticks(Missed::skip, 2);
  EXPECT_GE(came[1], 4);
  if (GetParam() == "sim") {
    EXPECT_EQ(came, (std::vector<std::int64_t>{0, 5}));
  }
}

// ---- only where a test may set the wall clock

class SimAlarms : public Alarms {
 protected:
  void set_wall_clock(Duration step) {
    const auto* sim = static_cast<const poe_sim*>(kernel.loop_extension(POE_SIM_NAME));
    ASSERT_NE(sim, nullptr);
    ASSERT_EQ(sim->step_wall(sim->ctx, step.count()), 0);
  }
};
INSTANTIATE_TEST_SUITE_P(Loops, SimAlarms, ::testing::Values("sim"), loop_of);

TEST_P(SimAlarms, ARepeatingTimerMovedToAWallTimeFollowsThatForOneTickP019) {
  std::vector<WallTime> ticks;
  WallTime due;
  Timer timer;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         timer = self.every(1min, ping);
                         due = wall_now() + 1h;
                         EXPECT_TRUE(succeeded(timer.move_to(due)));
                         set_wall_clock(-1h);
                       })
                   .on(ping, [&](auto&, Self&) {
                     ticks.push_back(wall_now());
                     if (ticks.size() == 1) set_wall_clock(-1h);
                     if (ticks.size() == 2) timer.cancel();
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  ASSERT_EQ(ticks.size(), 2u);
  EXPECT_GE(ticks[0], due);
  EXPECT_LE(ticks[0], due + 2s);
  EXPECT_LE(ticks[1], due - 58min) << "from there on by the kernel's clock";
}

TEST_P(SimAlarms, StepsOfTheWallClockMoveWallAlarmsAndNothingElseP019Pain29) {
  const TimePoint begin = kernel.now();
  TimePoint forward;
  WallTime back_due;
  listener([&](Self& self) {
    timers.push_back(self.after(30min, text, "delay"));
    timers.push_back(self.at(wall_now() + 2h, text, "wall"));
    set_wall_clock(2h);  // the alarm is due at once, or within the second in which nobody tells
  });
  while (log.empty() && kernel.now() < begin + 10min) ASSERT_TRUE(succeeded(kernel.run_one_timeslice(2s)));
  forward = kernel.now();
  EXPECT_EQ(log, (Log{"wall"}));
  EXPECT_LE(forward - begin, 2s);
  listener([&](Self& self) {
    back_due = wall_now() + 1h;
    self.at(back_due, text, "wall again").detach();
    set_wall_clock(-3h);
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"wall", "delay", "wall again"}));
  EXPECT_GE(kernel.now() - begin, 4h);  // an hour and the three that were set back
  EXPECT_GE(wall_now(), back_due);
}

}  // namespace
}  // namespace poe::test
