// SPDX-License-Identifier: MIT
//
// Signals: how they go through the tree on every loop, and how they come in from the system on real ones (inventory
// 1.6, 2.4; R84). Those that end the process run in a child of it.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Signals : public OnEveryLoop {
 protected:
  /// A session that stays, watches `signal` and tells under its name.
  Inline<Nothing> listener(const std::string& name, const std::string& signal, bool handles = false) {
    return actor()
        .on(start,
            [this, name, signal, handles](auto&, Self& self) {
              auto watch = self.on_signal(signal, [this, name, handles](const Signal& s) {
                log.push_back(name);
                arguments = s.arguments;
                if (handles) s.handled();
              });
              ASSERT_TRUE(succeeded(watch));
              std::move(*watch).detach();
              pins.push_back(self.keep_alive("test"));
            })
        .on(stop, [this, name](auto&, Self&) { log.push_back(name + " stop"); })
        .on(spawn_it, [](auto&, Self& self, Fn<void(Self&)> work) { work(self); });
  }
  static constexpr Event<Fn<void(Self&)>> spawn_it{"spawn_it"};
  SessionId below(SessionId mother, Inline<Nothing> form) {
    SessionId id;
    EXPECT_TRUE(kernel.call(mother, spawn_it, [&](Self& self) { id = self.kernel().spawn(std::move(form)); }));
    return id;
  }
  void slices(int count = 4) {
    for (int slice = 0; slice < count; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  }
  template <class P>
  bool slices_until(P condition) {
    for (int slice = 0; slice < 20'000 && !condition(); ++slice) static_cast<void>(kernel.run_one_timeslice(2ms));
    return condition();
  }
  Log log;
  std::vector<KeepAlive> pins;
  std::vector<Value> arguments;
};
POE_ON_EVERY_LOOP(Signals);

TEST_P(Signals, VisitTheDeepestFirstP068) {
  const SessionId top = kernel.spawn(listener("top", "news"));
  const SessionId left = below(top, listener("left", "news"));
  const SessionId right = below(top, listener("right", "news"));
  below(left, listener("left leaf", "news"));
  below(right, listener("right leaf", "news"));
  kernel.spawn(listener("aside", "news"));
  ASSERT_TRUE(kernel.signal(top, "news", {1, "two"}));
  slices();
  EXPECT_EQ(log, (Log{"right leaf", "left leaf", "right", "left", "top"}));
  EXPECT_EQ(arguments.size(), 2u);
}

TEST_P(Signals, HandledByOneSavesAllP069) {
  const SessionId top = kernel.spawn(listener("top", "TERM"));
  const SessionId leaf = below(top, listener("leaf", "TERM", true));
  ASSERT_TRUE(kernel.signal(top, "TERM"));
  slices();
  EXPECT_EQ(log, (Log{"leaf", "top"}));
  EXPECT_TRUE(kernel.alive(top) && kernel.alive(leaf));
}

TEST_P(Signals, UnhandledTerminalOnesStopWhomTheyTouchOnlyP070) {
  const SessionId top = kernel.spawn(listener("top", "other"));
  below(top, listener("leaf", "TERM"));
  const SessionId aside = kernel.spawn(listener("aside", "TERM"));
  ASSERT_TRUE(kernel.signal(top, "SIGTERM"));
  slices();
  EXPECT_EQ(log, (Log{"leaf", "leaf stop", "top stop"}));
  EXPECT_TRUE(kernel.alive(aside));
}

TEST_P(Signals, InventedOnesStopNobodyAndAreBroadcastByTheKernelP072) {
  const SessionId a = kernel.spawn(listener("a", "weather"));
  const SessionId b = kernel.spawn(listener("b", "weather"));
  ASSERT_TRUE(kernel.signal(kernel.id(), "weather"));
  slices();
  EXPECT_EQ(log.size(), 2u);
  EXPECT_TRUE(kernel.alive(a) && kernel.alive(b));
}

TEST_P(Signals, LaterWatchOfOneSessionTakesOver) {
  SignalWatch first, second;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pins.push_back(self.keep_alive("test"));
    first = *self.on_signal("news", [&](const Signal&) { log.push_back("first"); });
    second = *self.on_signal("news", [&](const Signal&) { log.push_back("second"); });
  }));
  EXPECT_FALSE(first);
  ASSERT_TRUE(kernel.signal(kernel.id(), "news"));
  slices();
  EXPECT_EQ(log, (Log{"second"}));
}

TEST_P(Signals, AWatchMayBeDroppedInItsOwnHandler) {
  SignalWatch watch;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pins.push_back(self.keep_alive("test"));
    watch = *self.on_signal("news", [&, text = std::string(50, 't')](const Signal&) {
      watch.cancel();
      log.push_back(text.substr(0, 1));
    });
  }));
  ASSERT_TRUE(kernel.signal(kernel.id(), "news"));
  ASSERT_TRUE(kernel.signal(kernel.id(), "news"));
  slices();
  EXPECT_EQ(log, (Log{"t"}));
}

TEST_P(Signals, NestedOnesHaveTheirOwnHandledFlagP077) {
  SignalWatch outer, inner;
  const SessionId id = kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pins.push_back(self.keep_alive("test"));
    inner = *self.on_signal("TERM", [&](const Signal& s) {
      log.push_back("inner");
      s.handled();
    });
  }));
  SessionId aside = kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    outer = *self.on_signal("HUP", [&, &k = self.kernel()](const Signal& s) {
      EXPECT_TRUE(k.signal(id, "TERM"));
      static_cast<void>(k.run_one_timeslice(0ns));
      EXPECT_FALSE(s.is_handled());
      log.push_back("outer");
    });
    pins.push_back(self.keep_alive("test"));
  }));
  ASSERT_TRUE(kernel.signal(aside, "HUP"));
  slices();
  EXPECT_EQ(log, (Log{"inner", "outer"}));
  EXPECT_TRUE(kernel.alive(id));
  EXPECT_FALSE(kernel.alive(aside));
}

TEST_P(Signals, ToAnEndedSessionAreAnErrorAndKillCannotBeWatched) {
  EXPECT_EQ(kernel.signal(SessionId{}, "news").error().code(), Errc::no_session);
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    for (const char* name : {"KILL", "SIGKILL", "STOP"})
      EXPECT_EQ(self.on_signal(name, [](const Signal&) {}).error().code(), Errc::invalid_argument);
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(Signals, SentByASessionThatStopsArriveAllTheSame) {
  kernel.spawn(listener("listener", "news"));
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }).on(go, [](auto&, Self& self) {
    static_cast<void>(self.kernel().signal(self.kernel().id(), "news"));
    self.request_stop();
  }));
  slices();
  EXPECT_EQ(log, (Log{"listener"}));
}

// ---- from the system

class OsSignals : public Signals {};
POE_ON_REAL_LOOPS(OsSignals);

TEST_P(OsSignals, ArriveAndNameThemselves) {
  kernel.spawn(listener("usr1", "SIGUSR1"));
  kernel.spawn(listener("usr2", "USR2"));
  ::raise(SIGUSR1);
  EXPECT_TRUE(slices_until([&] { return !log.empty(); }));
  EXPECT_EQ(log, (Log{"usr1"}));
}

TEST_P(OsSignals, OneSessionsEndLeavesTheOthersWatchInPlace) {
  const SessionId first = kernel.spawn(listener("first", "USR1"));
  kernel.spawn(listener("second", "USR1"));
  ASSERT_TRUE(kernel.call(first, spawn_it, [](Self& self) { self.request_stop(); }));
  slices();
  ASSERT_FALSE(kernel.alive(first));
  log.clear();
  ::raise(SIGUSR1);
  EXPECT_TRUE(slices_until([&] { return !log.empty(); }));
  EXPECT_EQ(log, (Log{"second"}));
}

TEST_P(OsSignals, TheHostsHandlerIsChainedAndRestoredP073Pain33) {
  static volatile sig_atomic_t host_heard = 0;
  struct sigaction host {
  }, present{};
  host.sa_handler = [](int) { host_heard = host_heard + 1; };
  ASSERT_EQ(::sigaction(SIGUSR2, &host, nullptr), 0);
  host_heard = 0;
  const SessionId id = kernel.spawn(listener("ours", "USR2"));
  ::raise(SIGUSR2);
  EXPECT_EQ(host_heard, 1);
  EXPECT_TRUE(slices_until([&] { return !log.empty(); }));
  ASSERT_TRUE(kernel.call(id, spawn_it, [](Self& self) { self.request_stop(); }));
  slices();
  ASSERT_EQ(::sigaction(SIGUSR2, nullptr, &present), 0);
  EXPECT_EQ(present.sa_handler, host.sa_handler);
  ::raise(SIGUSR2);
  EXPECT_EQ(host_heard, 2);
  ::signal(SIGUSR2, SIG_DFL);
}

TEST_P(OsSignals, AHandlerInstalledAfterUsIsLeftAloneP073) {
  struct sigaction later {
  }, present{};
  {
    Kernel other = open_on(GetParam());
    KeepAlive pin;
    SignalWatch watch;
    other.spawn(actor().on(start, [&](auto&, Self& self) {
      pin = self.keep_alive("pin");
      watch = *self.on_signal("USR2", [](const Signal&) {});
    }));
    later.sa_handler = [](int) {};
    ASSERT_EQ(::sigaction(SIGUSR2, &later, nullptr), 0);
  }
  ASSERT_EQ(::sigaction(SIGUSR2, nullptr, &present), 0);
  EXPECT_EQ(present.sa_handler, later.sa_handler);
  ::signal(SIGUSR2, SIG_DFL);
}

TEST_P(OsSignals, ABurstOfTenThousandLosesNoneP079R84) {
  constexpr int kBurst = 10'000;
  int heard = 0;
  SignalWatch watch;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pins.push_back(self.keep_alive("test"));
    watch = *self.on_signal("USR1", [&](const Signal&) { ++heard; });
  }));
  for (int i = 0; i < kBurst; ++i) ::raise(SIGUSR1);
  EXPECT_TRUE(slices_until([&] { return heard >= kBurst; }));
  slices(20);
  EXPECT_EQ(heard, kBurst);
}

TEST_P(OsSignals, ABurstLargerThanThePipeLosesNoneP079) {
  constexpr int kBurst = 100'000;  // a pipe holds 65 536 bytes
  int heard = 0;
  SignalWatch watch;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pins.push_back(self.keep_alive("test"));
    watch = *self.on_signal("USR1", [&](const Signal&) { ++heard; });
  }));
  for (int i = 0; i < kBurst; ++i) ::raise(SIGUSR1);
  EXPECT_TRUE(slices_until([&] { return heard >= kBurst; }));
  slices(20);
  EXPECT_EQ(heard, kBurst);
}

TEST_P(OsSignals, AnIdleWatchOfThemCostsNoWakeUpsPain05) {
  kernel.spawn(listener("quiet", "USR1"));
  slices(3);
  const auto turns = kernel.counts().turns;
  static_cast<void>(kernel.run_one_timeslice(20ms));
  EXPECT_LE(kernel.counts().turns, turns + 1);
}

TEST_P(OsSignals, AfterAnEarlierKernelsLeavingNothingOldComes) {
  {
    Kernel other = open_on(GetParam());
    KeepAlive pin;
    SignalWatch watch;
    other.spawn(actor().on(start, [&](auto&, Self& self) {
      pin = self.keep_alive("pin");
      watch = *self.on_signal("USR1", [](const Signal&) {});
    }));
    for (int i = 0; i < 70'000; ++i) ::raise(SIGUSR1);  // more than its pipe holds, never read
  }
  kernel.spawn(listener("fresh", "USR1"));
  slices(20);
  ::raise(SIGUSR1);
  EXPECT_TRUE(slices_until([&] { return !log.empty(); }));
  slices(20);
  EXPECT_EQ(log, (Log{"fresh"}));
}

// ---- those that end the process

/// Runs `program` in a child; gives its wait status. "ready" is what the child writes when it may be sent signals.
class InChild {
 public:
  template <class P>
  explicit InChild(P program) {
    int pair[2];
    EXPECT_EQ(::pipe(pair), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::alarm(30);
      // A shell, or nohup, ignores some for what runs behind.
      for (const int number : {SIGINT, SIGQUIT, SIGHUP, SIGTERM}) ::signal(number, SIG_DFL);
      ready_ = pair[1];
      ::_exit(program(*this));
    }
    ::close(pair[1]);
    ready_ = pair[0];
  }
  ~InChild() { ::close(ready_); }
  void say_ready() const { EXPECT_EQ(::write(ready_, "r", 1), 1); }
  bool await_ready() const {
    char byte = 0;
    return ::read(ready_, &byte, 1) == 1;
  }
  void send(int signal) const { ::kill(pid_, signal); }
  int wait() const {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    return status;
  }

 private:
  pid_t pid_ = -1;
  int ready_ = -1;
};

TEST_P(OsSignals, CtrlCEndsTheSessionsCleanlyInAnOwnLoop) {
  const InChild child([loop = GetParam()](const InChild& self) {
    Kernel k = open_on(loop);
    bool stopped = false;
    KeepAlive pin;
    k.spawn(actor()
                .on(start,
                    [&](auto&, Self& s) {
                      pin = s.keep_alive("pin");
                      s.yield(go);
                    })
                .on(go, [&](auto&, Self&) { self.say_ready(); })
                .on(stop, [&](auto&, Self&) { stopped = true; }));
    const bool ran = static_cast<bool>(k.run());
    return ran && stopped ? 7 : 1;
  });
  ASSERT_TRUE(child.await_ready());
  child.send(SIGINT);
  const int status = child.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

TEST_P(OsSignals, ASecondCtrlCKills) {
  const InChild child([loop = GetParam()](const InChild& self) {
    Kernel k = open_on(loop);
    k.spawn(actor().on(start, [](auto&, Self& s) { s.yield(go); }).on(go, [&](auto&, Self&) {
      ::raise(SIGINT);  // the first: noted, but this handler never ends
      self.say_ready();
      for (;;) ::pause();
    }));
    static_cast<void>(k.run());
    return 1;
  });
  ASSERT_TRUE(child.await_ready());
  child.send(SIGINT);
  const int status = child.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) << status;
}

TEST_P(OsSignals, CtrlCIsTheProgramsWhereItHandlesIt) {
  const InChild child([loop = GetParam()](const InChild& self) {
    Kernel k = open_on(loop);
    KeepAlive pin;
    SignalWatch watch;
    int heard = 0;
    k.spawn(actor()
                .on(start,
                    [&](auto&, Self& s) {
                      pin = s.keep_alive("pin");
                      watch = *s.on_signal("INT", [&, &k = s.kernel()](const Signal& signal) {
                        if (++heard == 3) return;  // this one is not handled: it ends the program
                        signal.handled();
                        ::raise(SIGINT);
                      });
                      s.yield(go);
                    })
                .on(go, [&](auto&, Self&) { self.say_ready(); }));
    const bool ran = static_cast<bool>(k.run());
    return ran && heard == 3 ? 7 : 1;
  });
  ASSERT_TRUE(child.await_ready());
  child.send(SIGINT);
  const int status = child.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

TEST_P(OsSignals, CtrlCStillEndsTheRunAfterAWatchOfItWasDropped) {
  const InChild child([loop = GetParam()](const InChild& self) {
    Kernel k = open_on(loop);
    KeepAlive pin;
    SignalWatch watch;
    k.spawn(actor()
                .on(start,
                    [&](auto&, Self& s) {
                      pin = s.keep_alive("pin");
                      s.yield(go);
                    })
                .on(go, [&](auto&, Self& s) {
                  watch = *s.on_signal("INT", [](const Signal& signal) { signal.handled(); });
                  watch.cancel();
                  self.say_ready();
                }));
    return k.run() ? 7 : 1;
  });
  ASSERT_TRUE(child.await_ready());
  child.send(SIGINT);
  const int status = child.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

TEST_P(OsSignals, CtrlCWatchedByOneKernelEndsNoOther) {
  const InChild child([loop = GetParam()](const InChild& self) {
    Kernel watching = open_on(loop), running = open_on(loop);
    KeepAlive pins_of_both[2];
    SignalWatch watch;
    int heard = 0;
    Timer end;
    watching.spawn(actor().on(start, [&](auto&, Self& s) {
      pins_of_both[0] = s.keep_alive("pin");
      watch = *s.on_signal("INT", [&](const Signal& signal) {
        ++heard;
        signal.handled();
      });
    }));
    running.spawn(actor()
                      .on(start,
                          [&](auto&, Self& s) {
                            pins_of_both[1] = s.keep_alive("pin");
                            s.yield(go);
                          })
                      .on(go,
                          [&](auto&, Self& s) {
                            self.say_ready();
                            end = s.every(1ms, ping);
                          })
                      .on(ping,
                          [&](auto&, Self& s) {
                            static_cast<void>(watching.run_one_timeslice(0ns));
                            if (heard == 1) end = s.after(5ms, pong);
                          })
                      .on(pong, [&](auto&, Self&) {
                        heard = 10;  // this kernel went on: now its watch goes, and the next one ends the run
                        watch.cancel();
                        ::raise(SIGINT);
                      }));
    return running.run() && heard == 10 ? 7 : 1;
  });
  ASSERT_TRUE(child.await_ready());
  child.send(SIGINT);
  const int status = child.wait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

TEST_P(OsSignals, UnwatchedTerminalOnesKeepTheirDefaultP073) {
  const InChild child([loop = GetParam()](const InChild& self) {
    Kernel k = open_on(loop);
    KeepAlive pin;
    k.spawn(actor()
                .on(start,
                    [&](auto&, Self& s) {
                      pin = s.keep_alive("pin");
                      s.yield(go);
                    })
                .on(go, [&](auto&, Self&) { self.say_ready(); }));
    static_cast<void>(k.run());
    return 1;
  });
  ASSERT_TRUE(child.await_ready());
  child.send(SIGHUP);
  const int status = child.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP) << status;
}

}  // namespace
}  // namespace poe::test
