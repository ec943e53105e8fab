// SPDX-License-Identifier: MIT
//
// A kernel inside a loop that knows nothing of it but a descriptor and a deadline: poll(2), then a slice.
#include <poll.h>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Embedded : public OnEveryLoop {
 protected:
  void SetUp() override {
    if (const auto can = kernel.pollable(); !can) {
      EXPECT_EQ(can.error().code(), Errc::not_supported) << can.error().report();
      GTEST_SKIP() << can.error().message();
    }
  }
  /// What the outer loop does for us: waits for what it was told, ten seconds at most, then lets a slice run.
  void outer_turn() {
    const Pollable at = *kernel.pollable();
    const int told_to_wait = at.poll_ms(kernel.now());
    pollfd fd{at.fd, at.poll_events(), 0};
    ASSERT_GE(::poll(&fd, 1, told_to_wait < 0 || told_to_wait > 10'000 ? 10'000 : told_to_wait), 0);
    ASSERT_TRUE(succeeded(kernel.run_one_timeslice(0ns)));
  }
  template <class P>
  bool turns_until(P condition) {
    for (int turn = 0; turn < 100 && !condition(); ++turn) outer_turn();
    return condition();
  }
  /// Until the outer loop would wait for the descriptor alone.
  bool settles() {
    return turns_until([&] { return kernel.pollable()->deadline == TimePoint::max(); });
  }
};
POE_ON_EVERY_LOOP(Embedded);

TEST_P(Embedded, AWatchMadeInAHandlerReachesTheOuterLoopPain07) {
  Pair first = pipe_pair(kernel), second = pipe_pair(kernel);
  Watch watches[2];
  bool told = false;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    watches[0] = *self.watch(first.here.get(), POE_READ, [&](std::uint32_t) {
      watches[1] = *self.watch(second.here.get(), POE_READ, [&](std::uint32_t) {
        told = true;
        watches[1].cancel();
      });
      watches[0].cancel();
    });
  }));
  ASSERT_TRUE(settles());
  write_text(first.there, "x");
  ASSERT_TRUE(turns_until([&] { return static_cast<bool>(watches[1]); }));
  ASSERT_TRUE(settles());
  write_text(second.there, "x");
  const Pollable at = *kernel.pollable();
  pollfd fd{at.fd, at.poll_events(), 0};
  EXPECT_EQ(::poll(&fd, 1, 10'000), 1) << "the outer loop sleeps while there is something to read";
  EXPECT_TRUE(turns_until([&] { return told; }));
}

TEST_P(Embedded, ATimerTheOuterProgramMakesShortensItsWaitPain08) {
  Timer timer;
  TimePoint due, fired;
  const SessionId id = kernel.spawn(actor()
                                        .on(start, [&](auto&, Self& self) { timer = self.after(1h, ping); })
                                        .on(go,
                                            [&](auto&, Self& self) {
                                              due = self.kernel().now() + 20ms;
                                              timer = self.after(20ms, ping);
                                            })
                                        .on(ping, [&](auto&, Self& self) { fired = self.kernel().now(); }));
  ASSERT_TRUE(turns_until([&] {
    const Pollable at = *kernel.pollable();
    return at.deadline > kernel.now() + 30min && at.deadline != TimePoint::max();
  }));
  const Pollable before = *kernel.pollable();
  ASSERT_TRUE(succeeded(kernel.call(id, go)));  // while the outer loop believes that it may sleep for an hour
  const Pollable after = *kernel.pollable();
  EXPECT_NE(after.generation, before.generation);
  EXPECT_LE(after.deadline, kernel.now() + 20ms);
  ASSERT_TRUE(turns_until([&] { return fired != TimePoint(); }));
  EXPECT_GE(fired, due);
  EXPECT_LT(fired, due + 5s);
}

}  // namespace
}  // namespace poe::test
