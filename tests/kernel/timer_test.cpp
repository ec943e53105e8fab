// SPDX-License-Identifier: MIT
//
// Timers: one-shot, repeating, moved, dropped, by the hundred thousand (inventory 1.3, 2.1; R72, R73).
#include <algorithm>
#include <limits>
#include <random>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Timers : public OnEveryLoop {
 protected:
  std::vector<int> got;
  Timer timer;
};
POE_ON_EVERY_LOOP(Timers);

TEST_P(Timers, NeverFireEarlyPain29) {
  TimePoint asked, came;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         asked = self.now();
                         timer = self.after(3ms, ping);
                       })
                   .on(ping, [&](auto&, Self& self) { came = self.now(); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_GE(came - asked, 3ms);
}

TEST_P(Timers, DroppedHandleCancels) {
  kernel.spawn(actor()
                   .on(start, [&](auto&, Self& self) { static_cast<void>(self.after(1ms, number, 1)); })
                   .on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(got.empty());
}

TEST_P(Timers, DetachedHandleFiresAllTheSame) {
  kernel.spawn(actor()
                   .on(start, [&](auto&, Self& self) { self.after(1ms, number, 1).detach(); })
                   .on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{1}));
}

TEST_P(Timers, OfDelayZeroCanBeCancelledAndMovedPain31) {
  Timer moved;
  static_cast<void>(kernel.now());  // the loop is made now, not while the timer runs
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         timer = self.after(0ns, number, 1);
                         moved = self.after(0ns, number, 2);
                         timer.cancel();
                         EXPECT_FALSE(timer);
                         EXPECT_TRUE(succeeded(moved.restart(20ms)));
                         self.yield(number, 3);
                       })
                   .on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{3, 2}));
}

TEST_P(Timers, HandleIsEmptyInItsOwnHandlerAndCancellingThereIsSafe) {
  bool alive = true;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { timer = self.after(0ns, ping); }).on(ping, [&](auto&, Self&) {
    alive = static_cast<bool>(timer);
    EXPECT_EQ(timer.move_to(TimePoint::max()).error().code(), Errc::cancelled);
    timer.cancel();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(alive);
}

TEST_P(Timers, RepeatingOneCancelledInItsOwnHandlerEnds) {
  kernel.spawn(actor()
                   .on(start, [&](auto&, Self& self) { timer = self.every(1ms, number, 7); })
                   .on(number, [&](auto&, Self&, int n) {
                     got.push_back(n);
                     if (got.size() == 3) timer.cancel();
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{7, 7, 7}));
}

TEST_P(Timers, RepeatingOneKeepsItsGridAndSkipsWhatItMissed) {
  TimePoint first;
  std::vector<TimePoint> dues;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         timer = self.every(2ms, ping);
                         first = *timer.due();
                       })
                   .on(ping, [&](auto&, Self& self) {
                     dues.push_back(*timer.due());
                     if (dues.size() == 1) {  // late by several periods: those ticks are gone
                       const TimePoint until = self.now() + 9ms;
                       Kernel& k = self.kernel();
                       while (k.now() < until) static_cast<void>(k.run_one_timeslice(until - k.now()));
                     }
                     if (dues.size() == 3) timer.cancel();
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  ASSERT_EQ(dues.size(), 3u);
  for (const TimePoint due : dues) EXPECT_EQ((due - first) % 2ms, 0ns);
  EXPECT_GE(dues[1] - dues[0], 2ms);
}

TEST_P(Timers, RepeatingOneMovedInItsHandlerGoesOnFromThere) {
  std::vector<TimePoint> came;
  TimePoint moved_to;
  kernel.spawn(
      actor().on(start, [&](auto&, Self& self) { timer = self.every(1ms, ping); }).on(ping, [&](auto&, Self& self) {
        came.push_back(self.now());
        if (came.size() == 1) {
          moved_to = self.now() + 20ms;
          EXPECT_TRUE(succeeded(timer.move_to(moved_to)));
        } else {
          EXPECT_EQ((*timer.due() - moved_to) % 1ms, 0ns);
          timer.cancel();
        }
      }));
  ASSERT_TRUE(succeeded(kernel.run()));
  ASSERT_EQ(came.size(), 2u);
  EXPECT_GE(came[1], moved_to);
}

TEST_P(Timers, RestartCountsFromNowP013) {
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         timer = self.after(10h, number, 1);
                         const TimePoint before = self.now();
                         EXPECT_TRUE(succeeded(timer.restart(1ms)));
                         EXPECT_GE(*timer.due(), before + 1ms);
                         EXPECT_LE(*timer.due(), self.now() + 1ms);
                       })
                   .on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{1}));
}

TEST_P(Timers, AnEarlierOneReArmsTheLoopP018) {
  Timer late, early;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         late = self.after(10h, number, 1);
                         self.yield(ping);
                       })
                   .on(ping, [&](auto&, Self& self) { early = self.after(2ms, number, 2); })
                   .on(number, [&](auto&, Self&, int n) {
                     got.push_back(n);
                     late.cancel();
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{2}));
}

TEST_P(Timers, SetFromOutsideAreMetByTheLoop) {
  const SessionId id = kernel.spawn(actor()
                                        .on(go, [&](auto&, Self& self) { timer = self.after(1ms, number, 5); })
                                        .on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  ASSERT_TRUE(kernel.call(id, go));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{5}));
}

TEST_P(Timers, ExtremeDelaysNeitherOverflowNorSpinR73) {
  Timer never[2], soon;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         never[0] = self.after(Duration::max(), number, 1);
                         never[1] = self.at(TimePoint::max(), number, 2);
                         soon = self.after(5ms, ping);
                       })
                   .on(ping, [&](auto&, Self& self) { self.request_stop(); })
                   .on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(got.empty());
  EXPECT_LT(kernel.counts().turns, 20u);
}

TEST_P(Timers, OfPeriodZeroLetOthersLive) {
  int ticks = 0, others = 0;
  const auto end_when_all_lived = [&](Self& self) {
    if (ticks >= 10 && others >= 10) self.request_stop();
  };
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         timer = self.every(0ns, ping);
                         self.yield(pong);
                       })
                   .on(ping,
                       [&](auto&, Self& self) {
                         ++ticks;
                         end_when_all_lived(self);
                       })
                   .on(pong, [&](auto&, Self& self) {
                     ++others;
                     self.yield(pong);
                     end_when_all_lived(self);
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_GE(ticks, 10);
  EXPECT_GE(others, 10);
}

TEST_P(Timers, HundredThousandAtRandomTimesFireInOrderHalfRemovedP021R72) {
  constexpr std::uint32_t kTimers = 100'000;
  std::mt19937 random(7);
  std::vector<std::int64_t> due(kTimers);
  std::vector<Timer> timers(kTimers);
  std::vector<std::uint32_t> order;
  order.reserve(kTimers / 2);
  static constexpr Event<std::uint32_t> tick{"tick"};
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         const TimePoint base = self.now();
                         for (std::uint32_t i = 0; i < kTimers; ++i) {
                           due[i] = std::uniform_int_distribution<std::int64_t>(0, 20'000)(random) * 1000;
                           timers[i] = self.at(base + Duration(due[i]), tick, i);
                         }
                         for (std::uint32_t i = 0; i < kTimers; i += 2) timers[i].cancel();
                       })
                   .on(tick, [&](auto&, Self&, std::uint32_t i) { order.push_back(i); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  ASSERT_EQ(order.size(), kTimers / 2);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto before = std::pair(due[order[i - 1]], order[i - 1]);
    ASSERT_LT(before, std::pair(due[order[i]], order[i])) << "at " << i;
  }
}

TEST_P(Timers, WorkRunsAsTheSessionThatAsked) {
  SessionId ran_as, me;
  me = kernel.spawn(actor().on(
      start, [&](auto&, Self& self) { timer = self.after(1ms, [&, &k = self.kernel()] { ran_as = k.current(); }); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(ran_as, me);
}

TEST_P(Timers, RepeatingArgumentsThatCannotBeCopiedAnyMoreBecomeADie) {
  static constexpr Event<Counted> tick{"tick"};
  Counted::copies_left = 2;
  std::string die;
  SignalWatch watch;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         timer = self.every(1ms, tick, Counted(3));
                         watch = *self.on_signal("DIE", [&](const Signal& signal) {
                           die = signal.event;
                           signal.handled();
                           timer.cancel();
                         });
                       })
                   .on(tick, [&](auto&, Self&, const Counted& c) { got.push_back(c.value); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  Counted::copies_left = -1;
  EXPECT_EQ(got, (std::vector<int>{3, 3}));
  EXPECT_EQ(die, "tick");
  EXPECT_EQ(Counted::living, 0);
}

}  // namespace
}  // namespace poe::test
