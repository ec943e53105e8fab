// SPDX-License-Identifier: MIT
//
// Running, stopping, slices inside handlers, several kernels (inventory 1.1, P039, P064-P067).
#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Running : public OnEveryLoop {
 protected:
  Log log;
};
POE_ON_EVERY_LOOP(Running);

TEST_P(Running, WithoutSessionsReturnsAtOnceAndMayBeRepeatedP064) {
  ASSERT_TRUE(succeeded(kernel.run()));
  for (int round = 0; round < 3; ++round) {
    int handled = 0;
    kernel.spawn(
        actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self&) { ++handled; }));
    ASSERT_TRUE(succeeded(kernel.run()));
    EXPECT_EQ(handled, 1);
  }
  const auto more = kernel.run_one_timeslice(0ns);
  ASSERT_TRUE(succeeded(more));
  EXPECT_FALSE(*more);
}

TEST_P(Running, ASliceSaysWhetherSessionsAreLeft) {
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(ping); }));
  int slices = 0;
  for (;; ++slices) {
    const auto more = kernel.run_one_timeslice(1ms);
    ASSERT_TRUE(succeeded(more));
    if (!*more) break;
    ASSERT_LT(slices, 10);
  }
}

TEST_P(Running, WhileACondition) {
  int count = 0;
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self& self) {
    ++count;
    self.yield(ping);
  }));
  ASSERT_TRUE(succeeded(kernel.run_while([&] { return count < 7; })));
  EXPECT_EQ(count, 7);
  kernel.stop();
  EXPECT_EQ(kernel.session_count(), 0u);
}

TEST_P(Running, StopInAHandlerStopsAllDropsEventsAndEndsTheRunP066) {
  KeepAlive pin;
  Timer timer;
  const SessionId outer = kernel.spawn(actor()
                                           .on(start, [&](auto&, Self& self) { pin = self.keep_alive("pin"); })
                                           .on(stop, [&](auto&, Self&) { log.push_back("outer stop"); })
                                           .on(ping, [&](auto&, Self&) { log.push_back("dropped"); }));
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         self.yield(go);
                         timer = self.after(0ns, pong);
                         self.kernel().spawn(actor().on(stop, [&](auto&, Self&) { log.push_back("inner stop"); }));
                       })
                   .on(go,
                       [&](auto&, Self& self) {
                         static_cast<void>(self.post(outer, ping));
                         self.kernel().stop();
                         log.push_back("handler ends");
                       })
                   .on(pong, [&](auto&, Self&) { log.push_back("dropped"); })
                   .on(stop, [&](auto&, Self&) { log.push_back("stop"); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"handler ends", "inner stop", "stop", "outer stop"}));
  EXPECT_EQ(kernel.session_count(), 0u);
  EXPECT_FALSE(pin);
}

TEST_P(Running, ASessionMadeAfterStopIsTheKernelsChildP067) {
  SessionId parent_of_it{1};
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [&](auto&, Self& self) {
    self.kernel().stop();
    const SessionId late = self.kernel().spawn(actor());
    for (const SessionInfo& info : self.kernel().sessions()) {
      if (info.id == late) parent_of_it = info.parent;
    }
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(parent_of_it, kernel.id());
}

TEST_P(Running, StopEndsARunThatSleepsPain14) {
  KeepAlive pin;
  Timer timer;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         pin = self.keep_alive("pin");
                         timer = self.after(1ms, ping);
                       })
                   .on(ping, [&](auto&, Self& self) { self.kernel().stop(); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  // and again: a stop is spent with the run it ended
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { timer = self.after(1ms, ping); }).on(ping, [&](auto&, Self&) {
    log.push_back("ran again");
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"ran again"}));
}

TEST_P(Running, InsideAHandlerIsAnErrorThatNamesTheWayOutPain37) {
  Result<void> inner;
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [&](auto&, Self& self) {
    inner = self.kernel().run();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  ASSERT_FALSE(inner);
  EXPECT_EQ(inner.error().code(), Errc::already_running);
  EXPECT_NE(inner.error().report().find("run_one_timeslice()"), std::string::npos);
}

// ---- slices inside handlers

TEST_P(Running, ASliceInAHandlerLetsOthersGoOnP039) {
  const SessionId other = kernel.spawn(actor().on(ping, [&](auto&, Self&) { log.push_back("other"); }));
  SessionId before, after;
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [&](auto&, Self& self) {
    static_cast<void>(self.post(other, ping));
    before = self.kernel().current();
    while (log.empty()) ASSERT_TRUE(succeeded(self.kernel().run_one_timeslice(1ms)));
    after = self.kernel().current();
    log.push_back("handler");
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"other", "handler"}));
  EXPECT_EQ(before, after);
}

TEST_P(Running, EventsForTheSuspendedSessionWaitInOrderP039Pain03) {
  std::vector<int> got;
  bool inside = false;
  SessionId me;
  const SessionId other = kernel.spawn(actor().on(ping, [&](auto&, Self& self) {
    static_cast<void>(self.post(me, number, 3));
    log.push_back("other");
  }));
  me = kernel.spawn(actor()
                        .on(start, [](auto&, Self& self) { self.yield(go); })
                        .on(go,
                            [&](auto&, Self& self) {
                              inside = true;
                              self.yield(number, 1);
                              self.yield(number, 2);
                              static_cast<void>(self.post(other, ping));
                              while (log.empty()) ASSERT_TRUE(succeeded(self.kernel().run_one_timeslice(1ms)));
                              ASSERT_TRUE(succeeded(self.kernel().run_one_timeslice(0ns)));
                              self.yield(number, 4);
                              inside = false;
                            })
                        .on(number, [&](auto&, Self&, int n) {
                          EXPECT_FALSE(inside);
                          got.push_back(n);
                        }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{1, 2, 3, 4}));
}

TEST_P(Running, HeldEventsComeFirstAlsoInASliceInsideAStopP039) {
  std::vector<int> got;
  SessionId me;
  me = kernel.spawn(actor().on(number, [&](auto&, Self&, int n) { got.push_back(n); }).on(go, [&](auto&, Self& self) {
    self.yield(number, 1);
    static_cast<void>(self.kernel().run_one_timeslice(0ns));  // holds it back: we are on the stack
    self.yield(number, 2);
  }));
  kernel.spawn(actor()
                   .on(start, [](auto&, Self& self) { self.yield(go); })
                   .on(go,
                       [&](auto&, Self& self) {
                         self.request_stop();
                         EXPECT_TRUE(self.call(me, go));
                       })
                   .on(stop, [](auto&, Self& self) { static_cast<void>(self.kernel().run_one_timeslice(0ns)); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{1, 2}));
}

TEST_P(Running, HeldArgumentsArriveWholeOrDieOnce) {
  static constexpr Event<Counted> counted{"counted"};
  Counted::living = 0;
  std::vector<int> got;
  for (const bool stops : {false, true}) {
    kernel.spawn(actor()
                     .on(start, [](auto&, Self& self) { self.yield(go); })
                     .on(go,
                         [&, stops](auto&, Self& self) {
                           self.yield(counted, Counted(9));
                           static_cast<void>(self.kernel().run_one_timeslice(0ns));
                           if (stops) self.request_stop();
                         })
                     .on(counted, [&](auto&, Self&, const Counted& c) { got.push_back(c.value); }));
  }
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{9}));
  EXPECT_EQ(Counted::living, 0);
}

TEST_P(Running, TimersAndWatchesOfTheSuspendedSessionWait) {
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  Timer timer;
  Watch watch;
  bool inside = false;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
                           EXPECT_FALSE(inside);
                           log.push_back("read");
                           watch.cancel();
                         });
                         static_cast<void>(self.call(self.id(), go));
                       })
                   .on(go,
                       [&](auto&, Self& self) {
                         inside = true;
                         timer = self.after(1ms, ping);
                         const TimePoint until = self.now() + 5ms;
                         Kernel& k = self.kernel();
                         while (k.now() < until) ASSERT_TRUE(succeeded(k.run_one_timeslice(until - k.now())));
                         inside = false;
                       })
                   .on(ping, [&](auto&, Self&) {
                     EXPECT_FALSE(inside);
                     log.push_back("timer");
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log.size(), 2u);
}

TEST_P(Running, ASliceInAHandlerSleepsAndDoesNotSpin) {
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");  // ready all the time, for a session that may not run
  Watch watch;
  std::uint64_t turns = 0, reports = 0;
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [&](auto&, Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) { watch.cancel(); });
    Kernel& k = self.kernel();
    { const KeepAlive dropped = self.keep_alive("short"); }
    static_cast<void>(k.run_one_timeslice(0ns));
    static_cast<void>(k.run_one_timeslice(0ns));
    const auto before = k.counts();
    const TimePoint until = k.now() + 40ms;
    while (k.now() < until) static_cast<void>(k.run_one_timeslice(until - k.now()));
    turns = k.counts().turns - before.turns;
    reports = k.counts().reports - before.reports;
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_LT(turns, 12u);
  EXPECT_EQ(reports, 0u);
}

TEST_P(Running, ACalleeNobodyNeedsAnyMoreMayRunSlicesToo) {
  KeepAlive pin;
  std::uint64_t turns = 0;
  bool finished = false;
  const SessionId callee = kernel.spawn(
      actor().on(start, [&](auto&, Self& self) { pin = self.keep_alive("pin"); }).on(ping, [&](auto&, Self& self) {
        pin.cancel();  // nothing but this frame is left
        Kernel& k = self.kernel();
        const auto before = k.counts().turns;
        const TimePoint until = k.now() + 40ms;
        while (k.now() < until) static_cast<void>(k.run_one_timeslice(until - k.now()));
        turns = k.counts().turns - before;
        finished = true;
      }));
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [&](auto&, Self& self) {
    EXPECT_TRUE(self.call(callee, ping));
    EXPECT_TRUE(kernel.alive(callee));
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(finished);
  EXPECT_LT(turns, 12u);
  EXPECT_EQ(kernel.session_count(), 0u);
}

TEST_P(Running, SessionsOnTheStackAreNotDestroyedByInnerSlices) {
  struct Outer : Session {
    Outer(Birth birth, Log& log, SessionId helper) : Session(std::move(birth)), log_(log), helper_(helper) {}
    ~Outer() override { log_.push_back("destroyed"); }
    static void handlers(Handlers<Outer>& h) { h.on(start, &Outer::begin).on(go, &Outer::work); }
    void begin() { yield(go); }
    void work() {
      request_stop();
      static_cast<void>(kernel().run_one_timeslice(0ns));
      static_cast<void>(kernel().with<Helper>(helper_, [&](Helper& helper) {
        static_cast<void>(helper.kernel().run_one_timeslice(0ns));
        static_cast<void>(helper.kernel().run_one_timeslice(0ns));
      }));
      log_.push_back("work done");
    }
    struct Helper : Session {
      explicit Helper(Birth birth) : Session(std::move(birth)) {}
      static void handlers(Handlers<Helper>&) {}
    };
    Log& log_;
    SessionId helper_;
  };
  const SessionId helper = kernel.spawn<Outer::Helper>();
  KeepAlive pin;
  ASSERT_TRUE(kernel.with<Outer::Helper>(helper, [&](Self& self) { pin = self.keep_alive("pin"); }));
  kernel.spawn<Outer>(log, helper);
  for (int slice = 0; slice < 5; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  EXPECT_EQ(log, (Log{"work done", "destroyed"}));
}

TEST_P(Running, StopInsideAnInnerSliceStopsWhenTheHandlersHaveReturnedPain14) {
  const SessionId other =
      kernel.spawn(actor().on(ping, [&](auto&, Self& self) { self.kernel().stop(); }).on(stop, [&](auto&, Self&) {
        log.push_back("other stop");
      }));
  kernel.spawn(actor()
                   .on(start, [](auto&, Self& self) { self.yield(go); })
                   .on(go,
                       [&](auto&, Self& self) {
                         static_cast<void>(self.post(other, ping));
                         for (int slice = 0; slice < 3; ++slice)
                           static_cast<void>(self.kernel().run_one_timeslice(0ns));
                         log.push_back("handler ends");
                       })
                   .on(stop, [&](auto&, Self&) { log.push_back("stop"); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"other stop", "handler ends", "stop"}));
}

// ---- direct access, several kernels

struct Adder : Session {
  Adder(Birth birth, int from) : Session(std::move(birth)), total(from) {}
  static void handlers(Handlers<Adder>& h) { h.on(number, &Adder::add).on(start, &Adder::begin); }
  void begin() { pin = keep_alive("adder"); }
  void add(int n) { total += n; }
  int total;
  KeepAlive pin;
};
struct Stranger : Session {
  explicit Stranger(Birth birth) : Session(std::move(birth)) {}
  static void handlers(Handlers<Stranger>&) {}
};

TEST_P(Running, WithGivesTheObjectOfItsClassOnly) {
  const SessionId id = kernel.spawn<Adder>(10);
  ASSERT_TRUE(kernel.call(id, number, 5));
  SessionId current;
  ASSERT_TRUE(succeeded(kernel.with<Adder>(id, [&](Adder& adder) {
    EXPECT_EQ(adder.total, 15);
    current = kernel.current();
  })));
  EXPECT_EQ(current, id);
  EXPECT_EQ(kernel.current(), kernel.id());
  EXPECT_EQ(kernel.with<Stranger>(id, [](Stranger&) {}).error().code(), Errc::bad_arguments);
  ASSERT_TRUE(kernel.with<Adder>(id, [](Adder& adder) { adder.request_stop(); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(kernel.with<Adder>(id, [](Adder&) {}).error().code(), Errc::no_session);
}

TEST_P(Running, AnIdOfAnotherKernelIsToldApart) {
  Kernel other = open_on(GetParam());
  const SessionId theirs = other.spawn(actor());
  kernel.spawn(actor());
  const auto posted = kernel.post(theirs, ping);
  ASSERT_FALSE(posted);
  EXPECT_EQ(posted.error().code(), Errc::wrong_kernel);
  EXPECT_EQ(kernel.call(theirs, ping).error().code(), Errc::wrong_kernel);
  EXPECT_FALSE(kernel.alive(theirs));
  ASSERT_TRUE(succeeded(kernel.run()));
  ASSERT_TRUE(succeeded(other.run()));
}

TEST_P(Running, TwoKernelsTakeTurns) {
  Kernel other = open_on(GetParam());
  int mine = 0, theirs = 0;
  const auto pump = [](int& count) {
    return actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&count](auto&, Self& self) {
      if (++count < 10) self.yield(ping);
    });
  };
  kernel.spawn(pump(mine));
  other.spawn(pump(theirs));
  for (int slice = 0; slice < 12; ++slice) {
    ASSERT_TRUE(succeeded(kernel.run_one_timeslice(0ns)));
    ASSERT_TRUE(succeeded(other.run_one_timeslice(0ns)));
  }
  EXPECT_EQ(mine, 10);
  EXPECT_EQ(theirs, 10);
}

TEST_P(Running, AMovedKernelGoesOn) {
  int handled = 0;
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self& self) {
    if (++handled < 4) self.yield(ping);
  }));
  ASSERT_TRUE(succeeded(kernel.run_one_timeslice(0ns)));
  Kernel moved = std::move(kernel);
  ASSERT_TRUE(succeeded(moved.run()));
  EXPECT_EQ(handled, 4);
  kernel = std::move(moved);
  EXPECT_EQ(kernel.session_count(), 0u);
}

TEST_P(Running, WhyRunningNamesEverySession) {
  KeepAlive pins[2];
  Alias name;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pins[0] = self.keep_alive("first reason");
    name = *self.alias("first");
  }));
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { pins[1] = self.keep_alive("second reason"); }));
  const std::string why = kernel.why_running();
  EXPECT_NE(why.find("(\"first\") lives because of"), std::string::npos) << why;
  EXPECT_NE(why.find("first reason"), std::string::npos);
  EXPECT_NE(why.find("second reason"), std::string::npos);
  kernel.stop();
  EXPECT_EQ(kernel.why_running(), "no session is left\n");
}

TEST_P(Running, ItsDescriptorCanBeEmbeddedWhereTheLoopAllows) {
  Timer timer;
  bool fired = false;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { timer = self.after(1ms, ping); }).on(ping, [&](auto&, Self&) {
    fired = true;
  }));
  static_cast<void>(kernel.run_one_timeslice(0ns));
  const auto outside = kernel.pollable();
  if (!outside) {
    EXPECT_EQ(outside.error().code(), Errc::not_supported) << outside.error().report();
    return;
  }
  EXPECT_LE(outside->deadline, kernel.now() + 1ms);
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(fired);
  EXPECT_NE(kernel.pollable()->generation, outside->generation);
}

}  // namespace
}  // namespace poe::test
