// SPDX-License-Identifier: MIT
//
// What becomes of a throw: DIE, the policy, the report of run() (P062, P063, P091-P094). Nothing is thrown through a
// loop, which is C code: a test that did would end the process.
#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Exceptions : public OnEveryLoop {
 protected:
  /// A session that throws when it is told `go`, and tells of DIE under its name.
  Inline<Nothing> witness(const std::string& name, bool handles) {
    return actor()
        .on(start,
            [this, name, handles](auto&, Self& self) {
              auto watch = self.on_signal("DIE", [this, name, handles](const Signal& signal) {
                log.push_back(name + " hears " + signal.event);
                seen = signal.exception;
                source = signal.source;
                if (handles) signal.handled();
              });
              std::move(*watch).detach();
              pins.push_back(self.keep_alive("test"));
            })
        .on(stop, [this, name](auto&, Self&) { log.push_back(name + " stop"); })
        .on(spawn_it, [](auto&, Self& self, Fn<void(Self&)> work) { work(self); })
        .on(go, [](auto&, Self&) { throw std::runtime_error("boom"); })
        .on(ping, [this, name](auto&, Self&) { log.push_back(name + " ping"); });
  }
  static constexpr Event<Fn<void(Self&)>> spawn_it{"spawn_it"};
  Log log;
  std::vector<KeepAlive> pins;
  std::exception_ptr seen;
  SessionId source;
};
POE_ON_EVERY_LOOP(Exceptions);

TEST_P(Exceptions, InStartStopsTheSessionAndRunReportsItP062) {
  const SessionId id = kernel.spawn(
      actor().on(start, [](auto&, Self&) { throw std::runtime_error("at start"); }).on(stop, [&](auto&, Self&) {
        log.push_back("stop");
      }));
  EXPECT_FALSE(kernel.alive(id));
  EXPECT_EQ(log, (Log{"stop"}));
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code(), Errc::exception);
  EXPECT_NE(ran.error().message().find("at start"), std::string::npos);
}

TEST_P(Exceptions, InStartInsideARunEndsThatRunP062) {
  KeepAlive pin;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         pin = self.keep_alive("pin");
                         self.yield(go);
                       })
                   .on(go, [&](auto&, Self& self) {
                     self.kernel().spawn(
                         actor().on(start, [](auto&, Self&) { throw std::runtime_error("born dead"); }));
                     log.push_back("creator goes on");
                   }));
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().message().find("born dead"), std::string::npos);
  EXPECT_EQ(log, (Log{"creator goes on"}));
}

TEST_P(Exceptions, InAConstructorLeavesNoSession) {
  struct Stillborn : Session {
    explicit Stillborn(Birth birth) : Session(std::move(birth)) {
      pin = keep_alive("never");
      throw std::runtime_error("no body");
    }
    static void handlers(Handlers<Stillborn>& h) { h.on(stop, &Stillborn::ended); }
    void ended() { FAIL(); }
    KeepAlive pin;
  };
  const SessionId id = kernel.spawn<Stillborn>();
  EXPECT_FALSE(kernel.alive(id));
  EXPECT_EQ(kernel.session_count(), 0u);
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().message().find("no body"), std::string::npos);
}

TEST_P(Exceptions, InStopIsNotOfferedAsDieOthersGoOnThenRunReportsItP063) {
  const SessionId other = kernel.spawn(witness("other", true));
  kernel.spawn(actor()
                   .on(start, [&](auto&, Self& self) { self.yield(ping); })
                   .on(ping,
                       [&](auto&, Self& self) {
                         self.request_stop();
                         EXPECT_TRUE(self.kernel().post(self.kernel().id(), ping));
                       })
                   .on(stop, [&](auto&, Self&) { throw std::runtime_error("at stop"); }));
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code(), Errc::exception);
  EXPECT_NE(ran.error().message().find("at stop"), std::string::npos);
  EXPECT_EQ(log, (Log{"other stop"}));
  EXPECT_FALSE(kernel.alive(other));
}

TEST_P(Exceptions, DieIsQueuedBehindWhatIsPendingAndGoesDownAndUpP091) {
  const SessionId top = kernel.spawn(witness("top", false));
  SessionId middle, leaf;
  ASSERT_TRUE(kernel.call(top, spawn_it, [&](Self& self) { middle = self.kernel().spawn(witness("middle", true)); }));
  ASSERT_TRUE(kernel.call(middle, spawn_it, [&](Self& self) { leaf = self.kernel().spawn(witness("leaf", false)); }));
  const SessionId aside = kernel.spawn(witness("aside", false));
  ASSERT_TRUE(kernel.post(middle, go));
  ASSERT_TRUE(kernel.post(leaf, ping));
  for (int slice = 0; slice < 3; ++slice) ASSERT_TRUE(succeeded(kernel.run_one_timeslice(0ns)));
  EXPECT_EQ(log, (Log{"leaf ping", "leaf hears go", "middle hears go", "top hears go"}));
  EXPECT_EQ(source, middle);
  EXPECT_THROW(std::rethrow_exception(seen), std::runtime_error);
  EXPECT_TRUE(kernel.alive(aside));
  EXPECT_TRUE(kernel.alive(middle));
}

TEST_P(Exceptions, HandledTheSessionGoesOnP092) {
  const SessionId id = kernel.spawn(witness("one", true));
  ASSERT_TRUE(kernel.post(id, go));
  ASSERT_TRUE(succeeded(kernel.run_one_timeslice(0ns)));
  ASSERT_TRUE(succeeded(kernel.run_one_timeslice(0ns)));
  ASSERT_TRUE(kernel.post(id, ping));
  pins.clear();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"one hears go", "one ping", "one stop"}));
}

TEST_P(Exceptions, UnhandledEverythingStopsAndRunGivesTheValueP092) {
  kernel.spawn(witness("other", false));
  const SessionId id = kernel.spawn(actor().on(go, [](auto&, Self&) { throw 42; }));
  ASSERT_TRUE(kernel.post(id, go));
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code(), Errc::exception);
  try {
    std::rethrow_exception(ran.error().exception());
  } catch (int thrown) {
    EXPECT_EQ(thrown, 42);
  }
  EXPECT_EQ(log, (Log{"other stop"}));
  EXPECT_EQ(kernel.session_count(), 0u);
}

TEST_P(Exceptions, ThrownByASessionThatStopsItselfAreReportedToo) {
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [](auto&, Self& self) {
    self.request_stop();
    throw std::runtime_error("last words");
  }));
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().message().find("last words"), std::string::npos);
}

TEST_P(Exceptions, BehindALongQueueAreReportedThoughNoSessionIsLeft) {
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [](auto&, Self& self) {
    for (int n = 0; n < 1000; ++n) self.yield(ping);
    self.request_stop();
    throw std::runtime_error("far behind");
  }));
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().message().find("far behind"), std::string::npos);
}

TEST_P(Exceptions, InADieHandlerIsReportedWithoutALoopP093) {
  KeptLog kept;
  KernelOptions options;
  options.log = &kept;
  Kernel other = open_on(GetParam(), options);
  int heard = 0;
  SignalWatch watch;
  other.spawn(actor()
                  .on(start,
                      [&](auto&, Self& self) {
                        watch = *self.on_signal("DIE", [&](const Signal& signal) {
                          ++heard;
                          signal.handled();
                          throw std::runtime_error("while dying");
                        });
                        self.yield(go);
                      })
                  .on(go, [](auto&, Self&) { throw std::runtime_error("first"); }));
  ASSERT_TRUE(succeeded(other.run()));
  EXPECT_EQ(heard, 1);
  ASSERT_EQ(kept.lines.size(), 1u);
  EXPECT_NE(kept.lines[0].find("while dying"), std::string::npos);
}

TEST_P(Exceptions, TheKernelRunsAgainWithACleanSlateP094) {
  const SessionId bad = kernel.spawn(witness("bad", false));
  ASSERT_TRUE(kernel.post(bad, go));
  ASSERT_FALSE(kernel.run());
  ASSERT_TRUE(succeeded(kernel.run()));
  log.clear();
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self&) {
    log.push_back("again");
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"again"}));
}

TEST_P(Exceptions, OfTimersWatchesSignalsAndDeferredWorkBecomeDiesTooPain36) {
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  int dies = 0;
  Timer timers[2];
  Watch watch;
  SignalWatch die, news;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         die = *self.on_signal("DIE", [&](const Signal& signal) {
                           signal.handled();
                           if (++dies == 6) self.request_stop();
                         });
                         news = *self.on_signal("news", [](const Signal&) { throw 1; });
                         timers[0] = self.after(1ms, ping);
                         timers[1] = self.every(1ms, pong);
                         watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
                           watch.cancel();
                           throw 2;
                         });
                         self.defer([] { throw 3; });
                         static_cast<void>(self.kernel().post(self.id(), "number", std::vector<Value>{Value(1)}));
                         static_cast<void>(self.kernel().signal(self.id(), "news"));
                       })
                   .on(ping, [](auto&, Self&) { throw 4; })
                   .on(number, [](auto&, Self&, int) { throw 6; })
                   .on(pong, [&](auto&, Self&) {
                     timers[1].cancel();
                     throw 5;
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(dies, 6);
}

TEST_P(Exceptions, InFamilyNewsAreTheListenersDie) {
  SignalWatch watch;
  std::string event;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         watch = *self.on_signal("DIE", [&](const Signal& signal) {
                           event = signal.event;
                           signal.handled();
                         });
                         self.kernel().spawn(actor());
                       })
                   .on(child, [&](auto&, Self&, const ChildChange& change) {
                     if (change.reason == ChildChange::Reason::create) throw std::runtime_error("a child?");
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(event, "_child");
}

TEST_P(Exceptions, ThroughWithAndSelfCallsReachTheCallerAndLeaveTheKernelSound) {
  struct Plain : Session {
    explicit Plain(Birth birth) : Session(std::move(birth)) {}
    static void handlers(Handlers<Plain>&) {}
  };
  const SessionId id = kernel.spawn<Plain>();
  EXPECT_THROW(static_cast<void>(kernel.with<Plain>(id, [](Plain&) { throw 1; })), int);
  EXPECT_EQ(kernel.current(), kernel.id());
  ASSERT_TRUE(succeeded(kernel.run()));
}

}  // namespace
}  // namespace poe::test
