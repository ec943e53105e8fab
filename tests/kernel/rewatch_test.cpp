// SPDX-License-Identifier: MIT
//
// Watching what is watched already, what was never watched, what has been closed, and regular files (P097-P103).
#include <fcntl.h>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Rewatching : public OnEveryLoop {
 protected:
  template <class P>
  bool slices_until(P condition) {
    for (int slice = 0; slice < 2000 && !condition(); ++slice) static_cast<void>(kernel.run_one_timeslice(1ms));
    return condition();
  }
  Log log;
};
POE_ON_EVERY_LOOP(Rewatching);

TEST_P(Rewatching, ByTheSameSessionBothCallbacksAreToldP097) {
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  Watch first, second;
  int told[2] = {0, 0};
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    first = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) { ++told[0]; });
    first.pause(POE_READ);
    second = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) { ++told[1]; });
  }));
  EXPECT_TRUE(slices_until([&] { return told[1] > 0; }));
  EXPECT_EQ(told[0], 0);  // it was not resumed in passing
  first.resume(POE_READ);
  EXPECT_TRUE(slices_until([&] { return told[0] > 0; }));
  const int before = told[1];
  first.cancel();
  EXPECT_TRUE(slices_until([&] { return told[1] > before; }));
  second.cancel();
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(Rewatching, ReplacedByTheNewOneOnlyThatIsToldP097) {
  Pair pair = pipe_pair(kernel);
  write_text(pair.there, "x");
  Watch watch;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) { log.push_back("old"); });
    watch = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
      log.push_back("new");
      watch.cancel();
    });
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"new"}));
}

TEST_P(Rewatching, UnwatchingWhatWasNeverWatchedIsSilentP101) {
  Watch never;
  never.cancel();
  never.pause(POE_READ);
  never.resume(POE_READ | POE_WRITE);
  EXPECT_FALSE(never);
  Pair pair = pipe_pair(kernel);
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    Watch watch = *self.watch(pair.here.get(), POE_READ, [](std::uint32_t) {});
    watch.resume(POE_WRITE);  // a direction that was never asked for
    watch.pause(POE_PRIORITY);
    watch.cancel();
    watch.cancel();
    watch.pause(POE_READ);
    EXPECT_FALSE(watch);
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
}

TEST_P(Rewatching, ARegularFileIsAlwaysReadyAndStarvesNobodyP103) {
  const poe_sys& sys = **kernel.system();
  const char* const path = GetParam() == "sim" ? "/file" : "/proc/self/exe";
  const Fd file(sys.open(sys.ctx, path, GetParam() == "sim" ? O_RDWR | O_CREAT : O_RDONLY, 0600), &sys);
  ASSERT_TRUE(file) << path;
  Watch watch;
  int told = 0, ticks = 0;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         watch = *self.watch(file.get(), POE_READ, [&](std::uint32_t ready) {
                           EXPECT_EQ(ready, POE_READ);
                           ++told;
                         });
                         self.every(1ms, ping).detach();
                       })
                   .on(ping, [&](auto&, Self& self) {
                     if (++ticks == 3) self.request_stop();
                   }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(ticks, 3);
  EXPECT_GT(told, 3);
}

}  // namespace
}  // namespace poe::test
