// SPDX-License-Identifier: MIT
//
// A kernel as the guest of programs that know nothing of it: whatever it does, it leaves their loops as it found them.
#include <dirent.h>

#include <optional>

#include "guest_lab.hpp"

namespace poe::test {
namespace {

class Guests : public InAHost {};
POE_IN_EVERY_HOST(Guests);

long open_descriptors() {
  long count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

/// A session that uses a timer, a descriptor of its own and its queue, and then ends.
Inline<Nothing> busy_session(int& finished) {
  struct Tools {
    int pipe[2] = {-1, -1};
    Watch watch{};
    Timer timer{};
    ~Tools() {
      watch.cancel();
      for (const int fd : pipe) {
        if (fd >= 0) Fd(fd).reset();
      }
    }
  };
  auto tools = std::make_shared<Tools>();
  return actor()
      .on(start,
          [tools](auto&, Self& self) {
            const poe_sys& sys = self.system();
            ASSERT_EQ(sys.pipe(sys.ctx, tools->pipe), 0);
            tools->watch = *self.watch(tools->pipe[0], POE_READ, [tools = tools.get(), &self](std::uint32_t) {
              tools->watch.cancel();
              tools->timer = self.after(100us, ping);
            });
            self.yield(number, 3);
          })
      .on(number,
          [tools](auto&, Self& self, int n) {
            if (n > 0) return self.yield(number, n - 1);
            const poe_iovec part{const_cast<char*>("x"), 1};
            EXPECT_EQ(self.system().writev(self.system().ctx, tools->pipe[1], &part, 1), 1);
          })
      .on(ping, [&finished](auto&, Self&) { ++finished; });
}

TEST_P(Guests, AThousandVisitsLeaveTheHostAsItWasPain01) {
  constexpr int kVisits = 1000;
  Kernel kernel = open_on(program.loop);
  settle();
  // What a library makes for a process the first time is not ours to take away.
  long handles = 0, descriptors = 0;
  int finished = 0, detached = 0, visits = 0;
  std::optional<Guest> guest;
  bool away = true;  // detached, and the host has taken the rest
  run_while([&] {
    if (!away) return true;
    if (visits == 1) {
      handles = program.handles(host);
      descriptors = open_descriptors();
    }
    if (visits == kVisits) return false;
    ++visits;
    away = false;
    auto joined = join(kernel);
    EXPECT_TRUE(succeeded(joined));
    if (!joined) return false;
    guest.emplace(std::move(*joined));
    guest->on_finished([&] {
      guest->detach([&] {
        ++detached;
        away = true;
      });
    });
    kernel.spawn(busy_session(finished));
    return true;
  });
  EXPECT_EQ(finished, kVisits);
  EXPECT_EQ(detached, kVisits);
  EXPECT_EQ(program.handles(host), handles);
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_GT(program.bytes_read(host), visits / 2);
  EXPECT_GT(program.signals_heard(host), visits / 2);
}

TEST_P(Guests, HandlesAndDescriptorsAreThoseOfBeforeTheFirstVisitPain01) {
  settle();
  const long handles = program.handles(host);
  int finished = 0;
  {
    Kernel kernel = open_on(program.loop);
    bool away = false;
    std::optional<Guest> guest;
    kernel.spawn(busy_session(finished));
    guest.emplace(*join(kernel));
    // Notifiers and timers without a parent are in no list of Qt's; libev watches with the next wait; Tcl lists
    // nothing.
    const std::string_view loop = program.loop;
    if (loop != "qt" && loop != "ev" && loop != "tcl") {
      EXPECT_GT(program.handles(host), handles);
    }
    guest->on_finished([&] { guest->detach([&] { away = true; }); });
    run_while([&] { return !away; });
  }
  EXPECT_EQ(finished, 1);
  EXPECT_EQ(program.handles(host), handles);
}

TEST_P(Guests, TheHostsOwnWorkGoesOnBesideABusyGuestPain24) {
  Kernel kernel = open_on(program.loop);
  bool over = false;
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self& self) {
    if (!over) self.yield(ping);  // for ever
  }));
  Guest guest = *join(kernel);
  const long bytes = program.bytes_read(host);
  const long signals_heard = program.signals_heard(host);
  const auto served = [&] {
    return kernel.counts().events > 100 && program.bytes_read(host) - bytes >= 10 &&
           program.signals_heard(host) - signals_heard >= 10;
  };
  // One of each is sent a tick; GLib merges signals that come while it is busy, so it may take more than ten.
  int ticks = 0;
  run_while([&] { return ++ticks < 500 && !served(); });
  EXPECT_TRUE(served()) << kernel.counts().events << " events, " << program.bytes_read(host) - bytes << " bytes, "
                        << program.signals_heard(host) - signals_heard << " signals in " << ticks << " ticks";
  over = true;
  guest.detach();
  settle();
}

TEST_P(Guests, TheHostsOwnWorkGoesOnBesideADescriptorThatStaysReadyPain24) {
  KernelOptions options;
  options.inner_set = 1;
  options.budget = {10, 1h};
  Kernel kernel = open_on(program.loop, options);
  Guest guest = *join(kernel);
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  // A tick is a millisecond, four by libevent's coarse clock: a quick machine reports some 10 000 times meanwhile.
  constexpr int kForEver = 1'000'000;
  Watch watch;
  int told = 0, told_since_tick = 0;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
      ++told;
      if (++told_since_tick == kForEver) watch.cancel();
    });
  }));
  int ticks = 0;
  run_while([&] {
    if (told_since_tick >= kForEver) return false;
    told_since_tick = 0;
    return ++ticks < 10 || told <= 10;
  });
  EXPECT_LT(told_since_tick, kForEver) << "the host had to wait";
  watch.cancel();
  settle();
  guest.detach();
  settle();
}

TEST_P(Guests, BothHearTheSameSignalPain33) {
  Kernel kernel = open_on(program.loop);
  int heard = 0;
  SignalWatch watch;
  KeepAlive pin;
  Guest guest = *join(kernel);
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pin = self.keep_alive("signal");
    watch = *self.on_signal("USR2", [&](const Signal&) { ++heard; });
  }));
  const long signals_heard = program.signals_heard(host);
  // GLib merges signals that come while it is busy, so the host may need more of them.
  run_while([&] { return heard < 5 || program.signals_heard(host) - signals_heard < 4; });
  EXPECT_GE(heard, 5);
  EXPECT_GE(program.signals_heard(host) - signals_heard, 4);
  watch.cancel();
  settle();
  const long after = program.signals_heard(host);
  settle();
  EXPECT_GT(program.signals_heard(host), after);  // the host's handler is back in its place
  guest.detach();
  settle();
}

TEST_P(Guests, AfterDetachNothingIsDelivered) {
  Kernel kernel = open_on(program.loop);
  int before = 0, after = 0;
  bool left = false;
  std::optional<Guest> guest;
  const SessionId id = kernel.spawn(actor()
                                        .on(start,
                                            [](auto&, Self& self) {
                                              for (int n = 0; n < 10; ++n) self.yield(number, n);
                                            })
                                        .on(number, [&](auto&, Self& self, int n) {
                                          ++(left ? after : before);
                                          if (n != 4) return;
                                          guest->detach();
                                          EXPECT_FALSE(*guest);
                                          left = true;
                                          static_cast<void>(self);
                                        }));
  guest.emplace(*join(kernel));
  run_while([&] { return !left; });
  settle();
  EXPECT_EQ(before, 5);
  EXPECT_EQ(after, 0);
  EXPECT_TRUE(kernel.alive(id));
  guest.emplace(*join(kernel));  // and it goes on where it was
  run_while([&] { return kernel.alive(id); });
  EXPECT_EQ(after, 5);
  EXPECT_FALSE(kernel.alive(id));
  guest.reset();
  settle();
}

TEST_P(Guests, WhatTheHostAsksForOutsideATurnIsDone) {
  struct Stoppable : Session {
    Stoppable(Birth birth, bool& stopped) : Session(std::move(birth)), stopped_(stopped) {}
    ~Stoppable() override { stopped_ = true; }
    static void handlers(Handlers<Stoppable>& h) { h.on(start, &Stoppable::begin).on(ping, &Stoppable::end); }
    void begin() { pin_ = keep_alive("host"); }
    void end() { request_stop(); }
    bool& stopped_;
    KeepAlive pin_;
  };
  for (const bool by_call : {false, true}) {
    Kernel kernel = open_on(program.loop);
    Guest guest = *join(kernel);
    bool stopped = false, finished = false;
    guest.on_finished([&] { finished = true; });
    const SessionId id = kernel.spawn<Stoppable>(stopped);
    settle();
    ASSERT_FALSE(stopped);
    int ticks = 0;
    run_while([&] {
      if (++ticks > 1) return ticks < 100 && !finished;
      const auto asked =
          by_call ? kernel.call(id, ping) : kernel.with<Stoppable>(id, [](Stoppable& s) { s.request_stop(); });
      EXPECT_TRUE(succeeded(asked));
      return ticks < 100 && !finished;
    });
    EXPECT_TRUE(stopped) << (by_call ? "call" : "with");
    EXPECT_TRUE(finished);
    guest.detach();
    settle();
  }
}

TEST_P(Guests, ANameAloneDoesNotKeepTheGuestWhenItsLastReferenceGoesInTheHost) {
  Kernel kernel = open_on(program.loop);
  Guest guest = *join(kernel);
  KeepAlive pin;
  Alias name;
  bool finished = false;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pin = self.keep_alive("host");
    name = *self.alias("daemon");
  }));
  guest.on_finished([&] { finished = true; });
  settle();
  EXPECT_FALSE(finished);
  int ticks = 0;
  run_while([&] {
    if (++ticks == 1) pin.cancel();
    return ticks < 100 && !finished;
  });
  EXPECT_TRUE(finished);
  guest.detach();
  settle();
}

TEST_P(Guests, DrainedInTimeOrStoppedTheHostGoesOnPain14) {
  Kernel kernel = open_on(program.loop);
  Guest guest = *join(kernel);
  bool heard = false, finished = false;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    std::move(*self.on_signal("DRAIN", [&](const Signal&) { heard = true; })).detach();
    self.keep_alive("deaf to it").detach();
  }));
  guest.on_finished([&] { finished = true; });
  ASSERT_TRUE(succeeded(kernel.drain_then_stop(20ms)));
  ::testing::internal::CaptureStderr();  // who did not end in time
  run_while([&] { return !finished; });
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("did not end in time"), std::string::npos);
  EXPECT_TRUE(heard);
  EXPECT_TRUE(finished);
  EXPECT_EQ(kernel.session_count(), 0u);
  guest.detach();
  settle();
}

TEST_P(Guests, RunIsRefusedAndNamesTheReason) {
  Kernel kernel = open_on(program.loop);
  Guest guest = *join(kernel);
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.keep_alive("x").detach(); }));
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code(), Errc::already_running);
  const auto twice = join(kernel);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code(), Errc::already_running);
  guest.detach();
  settle();
}

TEST_P(Guests, KeepsTheHostRunningOnlyWhenAsked) {
  if (program.run_dry == nullptr) GTEST_SKIP() << program.loop << "'s run never ends by itself";
  Kernel kernel = open_on(program.loop);
  Guest guest = *join(kernel);
  KeepAlive pin;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { pin = self.keep_alive("guest"); }));
  ASSERT_TRUE(succeeded(guest.keep_host_alive(true)));
  ASSERT_TRUE(succeeded(guest.keep_host_alive(false)));
  EXPECT_TRUE(program.run_dry(host));
  guest.detach();
}

TEST_P(Guests, GoesOnInsideAnInnerLoopOfTheHostPain02) {
  if (!program.can_nest) GTEST_SKIP() << program.loop << " runs no loop inside a callback";
  Kernel kernel = open_on(program.loop);
  Guest guest = *join(kernel);
  int outside = 0, inside = 0;
  bool nested = false, done = false;
  Timer timer;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { timer = self.every(1ms, ping); }).on(ping, [&](auto&, Self&) {
    ++(nested ? inside : outside);
    if (nested && inside == 3) program.quit(host);
  }));
  each_tick([&] {
    if (done) {
      program.quit(host);
    } else if (!nested && outside >= 3) {
      nested = true;
      program.run(host);  // as a modal dialogue
      nested = false;
      done = true;
    }
  });
  program.run(host);
  program.on_tick(host, nullptr, nullptr);
  EXPECT_TRUE(done);
  EXPECT_GE(inside, 3);
  timer.cancel();
  settle();
  guest.detach();
  settle();
}

TEST_P(Guests, GoneWithoutANoticeItLeavesNothingBehind) {
  settle();
  const long handles = program.handles(host);
  int finished = 0;
  for (int round = 0; round < 20; ++round) {
    Kernel kernel = open_on(program.loop);
    kernel.spawn(busy_session(finished));
    const Guest guest = *join(kernel);
    if (round % 2 == 0) settle();
  }
  settle();
  EXPECT_EQ(program.handles(host), handles);
  EXPECT_GE(finished, 10);
}

TEST_P(Guests, AHostThatEndsFirstLeavesTheKernelUsablePain45) {
  const std::string loop = program.loop;
  if (loop != "qt" && loop != "glib" && loop != "asio")
    GTEST_SKIP() << loop << " does not allow it: a guest's handles point into the loop";
  Kernel kernel = open_on(program.loop);
  int finished = 0;
  {
    std::optional<Guest> guest = *join(kernel);
    kernel.spawn(actor().on(start, [](auto&, Self& self) { self.keep_alive("x").detach(); }));
    settle();
    program.destroy(std::exchange(host, nullptr));
    EXPECT_FALSE(*guest);
  }
  kernel.stop();
  EXPECT_EQ(kernel.session_count(), 0u);
  host = program.make();
  kernel.spawn(busy_session(finished));
  {
    const Guest again = *join(kernel);
    run_while([&] { return finished == 0; });
  }
  settle();
}

TEST_P(Guests, AHostThatNeverRunsAgainCostsNothing) {
  Kernel kernel = open_on(program.loop);
  bool called = false;
  Guest guest = *join(kernel);
  kernel.spawn(actor());
  settle();
  guest.detach([&] { called = true; });
  EXPECT_FALSE(called);  // from the host's loop, never from inside
  settle();
  EXPECT_TRUE(called);
}

TEST_P(Guests, AMillionEventsComeThroughAndNoneIsStuckPain25) {
  constexpr int kEvents = 1'000'000;
  Kernel kernel = open_on(program.loop);
  Guest guest = *join(kernel);
  int handled = 0;
  bool ordered = true;
  kernel.spawn(actor()
                   .on(start, [](auto&, Self& self) { self.yield(go); })
                   .on(go,
                       [](auto&, Self& self) {
                         for (int n = 0; n < kEvents; ++n) self.yield(number, n);
                       })
                   .on(number, [&](auto&, Self&, int n) { ordered = ordered && n == handled++; }));
  bool finished = false;
  guest.on_finished([&] { finished = true; });
  run_while([&] { return !finished; });
  EXPECT_EQ(handled, kEvents);
  EXPECT_TRUE(ordered);
  guest.detach();
  settle();
}

TEST_P(Guests, WhatAHandlerThrowsIsReportedAndTheHostGoesOnPain36) {
  KeptLog log;
  KernelOptions options;
  options.log = &log;
  Kernel kernel = open_on(program.loop, options);
  Guest guest = *join(kernel);
  using Begin = std::function<void(Self&)>;
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  Watch watch;
  Timer timer;
  const Begin begins[] = {[](Self& self) { self.yield(ping); }, [&](Self& self) { timer = self.after(1ms, ping); },
                          [&](Self& self) {
                            watch = *self.watch(pair.here.get(), POE_READ,
                                                [](std::uint32_t) { throw std::runtime_error("not caught"); });
                          }};
  for (const Begin& begin : begins) {
    bool finished = false;
    guest.on_finished([&] { finished = true; });
    kernel.spawn(actor().on(start, [&](auto&, Self& self) { begin(self); }).on(ping, [](auto&, Self&) {
      throw std::runtime_error("not caught");
    }));
    const long bytes = program.bytes_read(host);
    run_while([&] { return !finished || program.bytes_read(host) == bytes; });
    EXPECT_TRUE(finished);
    EXPECT_GT(program.bytes_read(host), bytes);
  }
  ASSERT_EQ(log.lines.size(), std::size(begins));
  for (const std::string& line : log.lines) EXPECT_NE(line.find("not caught"), std::string::npos) << line;
  guest.detach();
  settle();
}

}  // namespace
}  // namespace poe::test
