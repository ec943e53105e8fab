// SPDX-License-Identifier: MIT
//
// A process that has no descriptor left: errors that say so, no abort, and it goes on when there are some again.
#include <sys/resource.h>
#include <unistd.h>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

/// Until it goes, no new descriptor can be had: the limit is the first free number.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &former_);
    const Fd first_free(::dup(0));
    rlimit none = former_;
    none.rlim_cur = static_cast<rlim_t>(first_free.get());
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &former_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit former_{};
};

class Shortages : public OnEveryLoop {};
POE_ON_REAL_LOOPS(Shortages);

TEST_P(Shortages, OfDescriptorsMakeWatchesErrorsAndTheLoopGoesOnPain40) {
  Pair pair = pipe_pair(kernel), later = pipe_pair(kernel);
  Watch first, second;
  Timer timer;
  int told = 0, ticks = 0;
  const SessionId id =
      kernel.spawn(actor()
                       .on(start,
                           [&](auto&, Self& self) {
                             first = *self.watch(pair.here.get(), POE_READ, [&](std::uint32_t) {
                               if (read_text(pair.here) == "x") ++told;
                             });
                             timer = self.every(1ms, ping);
                           })
                       .on(ping, [&](auto&, Self&) { ++ticks; })
                       .on(go, [&](auto&, Self& self) {
                         auto made = self.watch(later.here.get(), POE_READ, [](std::uint32_t) {});
                         if (made) {
                           second = std::move(*made);
                         } else {
                           EXPECT_EQ(made.error().number(), EMFILE) << made.error().report();
                         }
                         const auto signal = self.on_signal("USR2", [](const Signal&) {});
                         if (!signal) {
                           EXPECT_NE(signal.error().report().find("close descriptors"), std::string::npos)
                               << signal.error().report();
                         }
                       }));
  static_cast<void>(kernel.run_one_timeslice(0ns));
  {
    const NoDescriptors left;
    ASSERT_TRUE(succeeded(kernel.call(id, go)));
    write_text(pair.there, "x");
    for (int slice = 0; slice < 2000 && (told == 0 || ticks < 3); ++slice)
      static_cast<void>(kernel.run_one_timeslice(1ms));
    EXPECT_EQ(told, 1);
    EXPECT_GE(ticks, 3);
  }
  ASSERT_TRUE(succeeded(kernel.call(id, go)));
  EXPECT_TRUE(second);
}

TEST_P(Shortages, OfDescriptorsMakeAnOwnLoopAnErrorThatMayBeTriedAgainPain40) {
  bool ran = false;
  kernel.spawn(
      actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self&) { ran = true; }));
  {
    const NoDescriptors left;
    const auto refused = kernel.run();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().report().find("Too many open files"), std::string::npos) << refused.error().report();
  }
  EXPECT_FALSE(ran);
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace poe::test
