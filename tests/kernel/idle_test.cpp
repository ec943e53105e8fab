// SPDX-License-Identifier: MIT
//
// When there is nothing left to run for: IDLE, ZOMBIE, UIDESTROY (inventory 2.3, 2.4).
#include "family_lab.hpp"

namespace poe::test {
namespace {

class Idle : public FamilyTest {};
POE_ON_EVERY_LOOP(Idle);

TEST_P(Idle, HandledIdleBringsZombieWhichCannotBeRefusedP080) {
  Alias name;
  SignalWatch idle, zombie;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    name = *self.alias("daemon");
    idle = *self.on_signal("IDLE", [&](const Signal& s) {
      log.push_back(s.name);
      s.handled();
    });
    zombie = *self.on_signal("ZOMBIE", [&](const Signal& s) {
      log.push_back(s.name);
      s.handled();
    });
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"IDLE", "ZOMBIE"}));
}

TEST_P(Idle, NewWorkInAnIdleHandlerGoesOnP081) {
  Alias name;
  SignalWatch idle;
  Timer timer;
  int rounds = 0;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         name = *self.alias("daemon");
                         idle = *self.on_signal("IDLE", [&](const Signal& s) {
                           log.push_back("IDLE");
                           if (++rounds > 2) return;
                           s.handled();
                           self.yield(go);
                         });
                       })
                   .on(go, [&](auto&, Self& self) { timer = self.after(1ms, ping); })
                   .on(ping, [&](auto&, Self&) { log.push_back("worked"); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"IDLE", "worked", "IDLE", "worked", "IDLE"}));
}

TEST_P(Idle, WatchesTimersAndReferencesPreventIdleP082) {
  Alias name;
  SignalWatch idle;
  Timer timer;
  Watch watch;
  Pair pair = pipe_pair(kernel);
  const SessionId id = kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    name = *self.alias("daemon");
    watch = *self.watch(pair.here.get(), POE_READ, [](std::uint32_t) {});
    idle = *self.on_signal("IDLE", [&](const Signal&) { log.push_back("IDLE"); });
  }));
  EXPECT_TRUE(outlives_slices(id));
  EXPECT_TRUE(log.empty());
  watch.cancel();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"IDLE"}));
}

TEST_P(Idle, UiDestroyStopsAlthoughHandledP071) {
  KeepAlive pin;
  SignalWatch watch;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pin = self.keep_alive("pin");
    watch = *self.on_signal("UIDESTROY", [&](const Signal& s) {
      log.push_back("told");
      s.handled();
    });
  }));
  ASSERT_TRUE(kernel.signal(kernel.id(), "UIDESTROY"));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"told"}));
  EXPECT_EQ(kernel.session_count(), 0u);
}

}  // namespace
}  // namespace poe::test
