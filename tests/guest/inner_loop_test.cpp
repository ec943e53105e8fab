// SPDX-License-Identifier: MIT
//
// A session that runs its host's loop inside one of its handlers, as modal dialogs and menus do.
#include "guest_lab.hpp"

namespace poe::test {
namespace {

class InnerLoops : public InAHost {
 protected:
  void SetUp() override {
    if (!program.can_nest) GTEST_SKIP() << program.loop << " runs no loop inside a callback";
  }
  /// A session whose handler of `go` runs the host's loop until another has called `each` five times.
  SessionId spawn_modal(Kernel& kernel, Fn<void()> before, Fn<void()> after, Fn<void(Self&, int)> each) {
    const SessionId modal =
        kernel.spawn(actor()
                         .on(start, [](auto&, Self& self) { self.yield(go); })
                         .on(go,
                             [this, before = std::move(before), after = std::move(after)](auto&, Self&) mutable {
                               before();
                               open = true;
                               program.run(host);
                               open = false;
                               after();
                             })
                         .on(number, [this](auto&, Self&, int n) {
                           log.push_back((open ? "inside " : "number ") + std::to_string(n));
                         }));
    kernel.spawn(actor()
                     .on(start, [this](auto&, Self& self) { timer = self.every(1ms, ping); })
                     .on(ping, [this, each = std::move(each)](auto&, Self& self) mutable {
                       if (!open || ticks > 5) return;
                       each(self, ++ticks);
                       if (ticks == 5) program.quit(host);  // the inner one
                     }));
    return modal;
  }

  Log log;
  Timer timer;
  int ticks = 0;
  bool open = false;
};
POE_IN_EVERY_HOST(InnerLoops);

TEST_P(InnerLoops, OfASessionLetOthersRunAndKeepItsOwnEventsInOrderPain02Pain03) {
  Kernel kernel = open_on(program.loop);
  Guest guest = *join(kernel);
  SessionId modal;
  modal = spawn_modal(
      kernel, [this] { log.push_back("opened"); }, [this] { log.push_back("closed"); },
      [&](Self& self, int n) { EXPECT_TRUE(succeeded(self.post(modal, number, n))); });
  run_while([&] { return log.size() < 7; });
  EXPECT_EQ(log, (Log{"opened", "closed", "number 1", "number 2", "number 3", "number 4", "number 5"}));
  timer.cancel();
  settle();
  guest.detach();
  settle();
}

// What the host's own menus cannot bear inside, a session keeps out itself.
TEST_P(InnerLoops, LeaveAPausedWatchInPeacePain04) {
  Kernel kernel = open_on(program.loop);
  Guest guest = *join(kernel);
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  Watch watch;
  int inside = 0, outside = 0;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) { ++(open ? inside : outside); });
  }));
  bool closed = false;
  spawn_modal(
      kernel, [&] { watch.pause(POE_READ); },
      [&] {
        outside = 0;
        watch.resume(POE_READ);
        closed = true;
      },
      [](Self&, int) {});
  run_while([&] { return !closed || outside == 0; });
  EXPECT_EQ(ticks, 5);
  EXPECT_EQ(inside, 0);
  EXPECT_GT(outside, 0);
  watch.cancel();
  timer.cancel();
  settle();
  guest.detach();
  settle();
}

}  // namespace
}  // namespace poe::test
