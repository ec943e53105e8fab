// SPDX-License-Identifier: MIT
//
// Supervisors: who is started again after which end, in which order, and when it is too much.
#include "poe/components/supervisor.hpp"

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

inline constexpr Event<Fn<void(Self&)>> do_it{"do_it"};

class Supervisors : public OnEveryLoop {
 protected:
  /// A child that logs its starts and stops; it handles nothing but `do_it`.
  Inline<KeepAlive> worker(const std::string& name) {
    return Inline(KeepAlive())
        .on(start,
            [this, name](KeepAlive& pin, Self& self) {
              pin = self.keep_alive("works");
              log.push_back("+" + name);
            })
        .on(do_it, [](KeepAlive&, Self& self, Fn<void(Self&)> work) { work(self); })
        .on(go, [](KeepAlive& pin, Self&) { pin.cancel(); })
        .on(stop, [this, name](KeepAlive&, Self&) { log.push_back("-" + name); });
  }
  auto making(const std::string& name) {
    return [this, name](Supervisor& self) { return self.kernel().spawn(worker(name)); };
  }
  SupervisorOptions options(RestartStrategy strategy = RestartStrategy::one_for_one, std::uint32_t restarts = 100) {
    SupervisorOptions made;
    made.strategy = strategy;
    made.max_restarts = restarts;
    made.log = &kept;
    return made;
  }
  SupervisorOptions abc(RestartStrategy strategy) {
    SupervisorOptions made = options(strategy);
    made.add("a", making("a")).add("b", making("b")).add("c", making("c"));
    return made;
  }
  SessionId supervise(SupervisorOptions made) { return boss = kernel.spawn<Supervisor>(std::move(made)); }
  template <class F>
  void as_boss(F f) {
    ASSERT_TRUE(succeeded(kernel.with<Supervisor>(boss, f)));
  }
  SessionId id_of(std::string_view name) {
    SessionId found;
    as_boss([&](Supervisor& s) { found = s.find(name); });
    return found;
  }
  template <class F>
  void as(std::string_view name, F work) {
    ASSERT_TRUE(succeeded(kernel.post(id_of(name), do_it, std::move(work))));
  }
  void crash(std::string_view name) {
    as(name, [](Self&) { throw std::runtime_error("boom"); });
    settle();
  }
  void settle() {
    for (int slice = 0; slice < 12; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  }
  void end_all() {
    as_boss([](Supervisor& s) { s.shutdown(); });
    EXPECT_TRUE(succeeded(kernel.run()));
  }
  Log taken() { return std::exchange(log, {}); }

  KeptLog kept;
  Log log;
  SessionId boss, leaf;
};
POE_ON_EVERY_LOOP(Supervisors);

TEST_P(Supervisors, StartInOrderAndStopInTheReverse) {
  supervise(abc(RestartStrategy::one_for_one));
  EXPECT_EQ(taken(), (Log{"+a", "+b", "+c"}));
  end_all();
  EXPECT_EQ(taken(), (Log{"-c", "-b", "-a"}));
  EXPECT_FALSE(kernel.alive(boss));
}

TEST_P(Supervisors, OneForOneRestartsTheOneThatCrashed) {
  supervise(abc(RestartStrategy::one_for_one));
  const SessionId former = id_of("b");
  taken();
  crash("b");
  EXPECT_EQ(taken(), (Log{"-b", "+b"}));
  EXPECT_NE(id_of("b"), former);
  EXPECT_TRUE(kernel.alive(id_of("b")));
  ASSERT_EQ(kept.lines.size(), 1u);
  EXPECT_NE(kept.lines[0].find("\"b\""), std::string::npos) << kept.lines[0];
  EXPECT_NE(kept.lines[0].find("boom"), std::string::npos) << kept.lines[0];
  end_all();
}

TEST_P(Supervisors, OneForAllRestartsAllInOrder) {
  supervise(abc(RestartStrategy::one_for_all));
  taken();
  crash("b");
  EXPECT_EQ(taken(), (Log{"-b", "-c", "-a", "+a", "+b", "+c"}));
  end_all();
}

TEST_P(Supervisors, RestForOneRestartsThoseAfterItToo) {
  supervise(abc(RestartStrategy::rest_for_one));
  taken();
  crash("b");
  EXPECT_EQ(taken(), (Log{"-b", "-c", "+b", "+c"}));
  end_all();
}

TEST_P(Supervisors, TellNormalEndsFromCrashes) {
  SupervisorOptions made = options();
  made.add("permanent", making("p"))
      .add("transient", making("t"), Restart::transient)
      .add("temporary", making("y"), Restart::temporary);
  supervise(std::move(made));
  taken();
  for (const char* name : {"permanent", "transient", "temporary"}) {
    ASSERT_TRUE(kernel.post(id_of(name), go));
    settle();
  }
  EXPECT_EQ(taken(), (Log{"-p", "+p", "-t", "-y"}));
  EXPECT_EQ(id_of("transient"), SessionId());
  EXPECT_EQ(kept.lines, Log{});
  end_all();
}

TEST_P(Supervisors, RestartTransientOnesAfterACrashAndTemporaryOnesNever) {
  SupervisorOptions made = options();
  made.add("transient", making("t"), Restart::transient).add("temporary", making("y"), Restart::temporary);
  supervise(std::move(made));
  taken();
  crash("transient");
  crash("temporary");
  EXPECT_EQ(taken(), (Log{"-t", "+t", "-y"}));
  end_all();
}

TEST_P(Supervisors, EndWhenTheLastChildHasEndedForGood) {
  SupervisorOptions made = options();
  made.alias = "boss";
  made.add("a", making("a"), Restart::transient).add("b", making("b"), Restart::temporary);
  supervise(std::move(made));
  for (const char* name : {"a", "b"}) ASSERT_TRUE(kernel.post(id_of(name), go));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(kernel.alive(boss));
}

TEST_P(Supervisors, TooManyCrashesAreGivenUpWithAnError) {
  SupervisorOptions made = options(RestartStrategy::one_for_one, 2);
  made.add("a", making("a")).add("b", making("b"));
  supervise(std::move(made));
  crash("b");
  crash("b");
  taken();
  as("b", [](Self&) { throw std::runtime_error("boom"); });
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(taken(), (Log{"-b", "-a"}));
  ASSERT_EQ(ran.error().code(), Errc::exception);
  try {
    std::rethrow_exception(ran.error().exception());
  } catch (const SupervisorGaveUp& gave_up) {
    EXPECT_EQ(gave_up.error().subject(), "\"b\"");
    EXPECT_NE(gave_up.error().exception(), nullptr);
  }
}

TEST_P(Supervisors, GivingUpMayBeAnEventInsteadOfAThrow) {
  SupervisorOptions made = options(RestartStrategy::one_for_one, 0);
  made.add("a", making("a"));
  made.gave_up = [&](Supervisor&, const Error& why) { log.push_back("gave up " + why.subject()); };
  supervise(std::move(made));
  as("a", [](Self&) { throw std::runtime_error("boom"); });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(taken(), (Log{"+a", "-a", "gave up \"a\""}));
}

TEST_P(Supervisors, OldCrashesDoNotCount) {
  SupervisorOptions made = options(RestartStrategy::one_for_one, 1);
  made.within = 5ms;
  made.add("a", making("a"));
  supervise(std::move(made));
  for (int round = 0; round < 4; ++round) {
    crash("a");
    kernel.spawn(actor()
                     .on(start, [&](auto&, Self& self) { std::move(self.after(20ms, go)).detach(); })
                     .on(go, [&](auto&, Self&) { log.push_back("later"); }));
    while (log.back() != "later") ASSERT_TRUE(succeeded(kernel.run_one_timeslice()));
    EXPECT_TRUE(kernel.alive(id_of("a")));
  }
  end_all();
}

TEST_P(Supervisors, ACrashInAStartCountsToo) {
  int starts = 0;
  SupervisorOptions made = options(RestartStrategy::one_for_one, 3);
  made.add("a", [&](Supervisor& self) {
    return self.kernel().spawn(actor().on(start, [&](auto&, Self&) {
      ++starts;
      throw std::runtime_error("not today");
    }));
  });
  supervise(std::move(made));
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().message().find("not today"), std::string::npos) << ran.error().message();
  EXPECT_EQ(starts, 4);
}

TEST_P(Supervisors, ACrashInAStartIsGotOver) {
  int starts = 0;
  SupervisorOptions made = options();
  made.add("a", [&](Supervisor& self) {
    if (++starts == 1) throw std::runtime_error("the factory itself");
    return self.kernel().spawn(actor().on(start, [&](auto&, Self& me) {
      if (starts == 2) throw std::runtime_error("its _start");
      std::move(me.keep_alive("works")).detach();
      log.push_back("+a");
    }));
  });
  supervise(std::move(made));
  settle();
  EXPECT_EQ(starts, 3);
  EXPECT_EQ(taken(), (Log{"+a"}));
  as_boss([](Supervisor& s) { EXPECT_EQ(s.recent_crashes(), 2u); });
  end_all();
}

TEST_P(Supervisors, ACrashBelowAChildIsTheChilds) {
  supervise(abc(RestartStrategy::one_for_one));
  taken();
  as("b", [&](Self& self) {
    const SessionId below = self.kernel().spawn(worker("below"));
    ASSERT_TRUE(self.kernel().post(below, do_it, [](Self&) { throw std::runtime_error("deep"); }));
  });
  settle();
  EXPECT_EQ(taken(), (Log{"+below", "-below", "-b", "+b"}));
  end_all();
}

TEST_P(Supervisors, ACrashAChildHandlesIsNobodyElses) {
  supervise(abc(RestartStrategy::one_for_one));
  taken();
  as("b", [&](Self& self) {
    std::move(*self.on_signal("DIE", [&](const Signal& die) {
      die.handled();
      log.push_back("handled");
    })).detach();
    self.yield(do_it, [](Self&) { throw std::runtime_error("known"); });
  });
  settle();
  EXPECT_EQ(taken(), (Log{"handled"}));
  EXPECT_TRUE(kernel.alive(id_of("b")));
  end_all();
}

TEST_P(Supervisors, OfAChildThatEndsQuietlyForItsThrowHearOfItAsACrash) {
  SupervisorOptions made = options();
  made.add("t", making("t"), Restart::transient);
  supervise(std::move(made));
  taken();
  as("t", [](Self& self) {
    SessionOptions quiet;
    quiet.on_throw = OnThrow::stop;
    self.set_options(quiet);
  });
  settle();
  ::testing::internal::CaptureStderr();  // the kernel logs it
  crash("t");
  ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(taken(), (Log{"-t", "+t"}));
  end_all();
}

TEST_P(Supervisors, GiveChildrenThatHandleTermTheirTime) {
  SupervisorOptions made = options();
  made.add("patient", [&](Supervisor& self) {
    return self.kernel().spawn(worker("p").on(ping, [&](KeepAlive& pin, Self&) {
      log.push_back("work done");
      pin.cancel();
    }));
  });
  made.add("deaf", making("d"));
  made.stop_limit = 200ms;
  supervise(std::move(made));
  as("patient", [&](Self& self) {
    std::move(*self.on_signal("TERM", [&self](const Signal& s) {
      s.handled();
      std::move(self.after(1ms, ping)).detach();
    })).detach();
  });
  as("deaf", [&](Self& self) { std::move(*self.on_signal("TERM", [](const Signal& s) { s.handled(); })).detach(); });
  settle();
  taken();
  const TimePoint from = kernel.now();
  end_all();
  EXPECT_EQ(taken(), (Log{"-d", "work done", "-p"}));
  EXPECT_GE(kernel.now() - from, 200ms);
  ASSERT_EQ(kept.lines.size(), 1u);
  EXPECT_NE(kept.lines[0].find("child \"deaf\" did not end in time"), std::string::npos) << kept.lines[0];
}

TEST_P(Supervisors, NestAndAnInnerOneThatGivesUpIsRestarted) {
  SupervisorOptions outer = options();
  outer.add("inner", [this](Supervisor& self) {
    SupervisorOptions inner = options(RestartStrategy::one_for_one, 0);
    inner.add("w", making("w"));
    const SessionId id = self.kernel().spawn<Supervisor>(std::move(inner));
    EXPECT_TRUE(self.kernel().with<Supervisor>(id, [this](Supervisor& s) { leaf = s.find("w"); }));
    return id;
  });
  supervise(std::move(outer));
  taken();
  ASSERT_TRUE(kernel.post(leaf, do_it, [](Self&) { throw std::runtime_error("boom"); }));
  settle();
  EXPECT_EQ(taken(), (Log{"-w", "+w"}));
  as_boss([](Supervisor& s) { EXPECT_EQ(s.recent_crashes(), 1u); });
  end_all();
  EXPECT_EQ(taken(), (Log{"-w"}));
}

TEST_P(Supervisors, TakeAndDropChildrenWhileTheyRun) {
  supervise(abc(RestartStrategy::one_for_one));
  as_boss([&](Supervisor& s) {
    EXPECT_TRUE(s.add("d", making("d")));
    EXPECT_FALSE(s.add("d", making("d")));
    EXPECT_TRUE(s.remove("b"));
    EXPECT_FALSE(s.remove("x"));
  });
  settle();
  EXPECT_EQ(taken(), (Log{"+a", "+b", "+c", "+d", "-b"}));
  end_all();
  EXPECT_EQ(taken(), (Log{"-d", "-c", "-a"}));
}

TEST_P(Supervisors, StopWhatAChildLeavesBehind) {
  supervise(abc(RestartStrategy::one_for_one));
  taken();
  as("b", [&](Self& self) {
    self.kernel().spawn(worker("below"));
    self.request_stop();
  });
  settle();
  EXPECT_EQ(taken(), (Log{"+below", "-b", "-below", "+b"}));
  end_all();
}

TEST_P(Supervisors, StartNobodyAgainInADrain) {
  supervise(abc(RestartStrategy::one_for_one));
  taken();
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(kernel.post(id_of(name), go));
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(1h)));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log.size(), 3u + static_cast<std::size_t>(std::count(log.begin(), log.end(), "+a")));
  EXPECT_FALSE(kernel.alive(boss));
}

TEST_P(Supervisors, TellTheirNews) {
  using What = SupervisorNews::What;
  SupervisorOptions made = options();
  made.add("a", making("a"));
  made.news = [&](Supervisor&, const SupervisorNews& news) {
    static constexpr const char* kWords[] = {"started", "ended", "crashed", "stopped"};
    EXPECT_EQ(news.error != nullptr, news.what == What::crashed);
    log.push_back(std::string(news.name) + " " + kWords[static_cast<int>(news.what)]);
  };
  supervise(std::move(made));
  crash("a");
  ASSERT_TRUE(kernel.post(id_of("a"), go));
  settle();
  end_all();
  EXPECT_EQ(taken(), (Log{"+a", "a started", "a crashed", "-a", "a stopped", "+a", "a started", "-a", "a ended", "+a",
                          "a started", "-a", "a stopped"}));
}

TEST_P(Supervisors, RefuseAFactoryThatGivesBackAStranger) {
  const SessionId stranger = kernel.spawn(worker("stranger"));
  SupervisorOptions made = options(RestartStrategy::one_for_one, 0);
  made.add("a", [=](Supervisor&) { return stranger; });
  made.gave_up = [&](Supervisor&, const Error& why) { log.push_back(why.reason()); };
  supervise(std::move(made));
  settle();
  EXPECT_NE(taken().back().find("no child of the supervisor"), std::string::npos);
  EXPECT_TRUE(kernel.alive(stranger));
}

TEST_P(Supervisors, RefuseTwoChildrenOfOneName) {
  SupervisorOptions made = options();
  made.add("a", making("a")).add("a", making("a"));
  supervise(std::move(made));
  EXPECT_FALSE(kernel.run());
}

}  // namespace
}  // namespace poe::test
