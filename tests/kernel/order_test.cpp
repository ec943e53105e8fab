// SPDX-License-Identifier: MIT
//
// In which order things happen (inventory 2.1).
#include <algorithm>
#include <random>
#include <set>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class Order : public OnEveryLoop {
 protected:
  Log log;
};
POE_ON_EVERY_LOOP(Order);

TEST_P(Order, OneYieldIsOneHopPerSliceP001) {
  int hops = 0;
  kernel.spawn(
      actor().on(start, [](auto&, Self& self) { self.yield(number, 1); }).on(number, [&](auto&, Self& self, int n) {
        hops = n;
        if (n < 5) self.yield(number, n + 1);
      }));
  for (int slice = 1; slice <= 5; ++slice) {
    ASSERT_TRUE(succeeded(kernel.run_one_timeslice(0ns)));
    EXPECT_EQ(hops, slice);
  }
}

TEST_P(Order, PostsKeepTheirOrderP002) {
  std::vector<int> got;
  const SessionId sink = kernel.spawn(actor().on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    for (int n = 0; n < 2000; ++n) ASSERT_TRUE(self.post(sink, number, n));
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  ASSERT_EQ(got.size(), 2000u);
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
}

TEST_P(Order, EventsOfSeveralSendersInterleaveAsSentP002) {
  const SessionId sink = kernel.spawn(actor().on(text, [&](auto&, Self&, const std::string& t) { log.push_back(t); }));
  for (const char* name : {"a", "b", "c"}) {
    kernel.spawn(actor()
                     .on(ping,
                         [&, name](auto&, Self& self) {
                           static_cast<void>(self.post(sink, text, std::string(name) + "1"));
                           static_cast<void>(self.post(sink, text, std::string(name) + "2"));
                         })
                     .on(start, [](auto&, Self& self) { self.yield(ping); }));
  }
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"a1", "a2", "b1", "b2", "c1", "c2"}));
}

TEST_P(Order, TimersOfOneMomentFireAsTheyWereMadeP003) {
  std::vector<Timer> timers;
  std::vector<int> got;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         const TimePoint due = self.now() + 1ms;
                         for (int n = 0; n < 50; ++n) timers.push_back(self.at(due, number, n));
                       })
                   .on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  ASSERT_EQ(got.size(), 50u);
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
}

TEST_P(Order, PastAlarmsComeFirstThenAllAsAskedP004) {
  std::vector<Timer> timers;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         timers.push_back(self.after(0ns, text, "delay 1"));
                         self.yield(text, "yield 1");
                         timers.push_back(self.after(0ns, text, "delay 2"));
                         self.yield(text, "yield 2");
                         static_cast<void>(self.post(self.id(), text, "post"));
                         timers.push_back(self.at(self.now() - 1s, text, "alarm later"));
                         timers.push_back(self.at(self.now() - 2s, text, "alarm earlier"));
                       })
                   .on(text, [&](auto&, Self&, const std::string& t) { log.push_back(t); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"alarm earlier", "alarm later", "delay 1", "yield 1", "delay 2", "yield 2", "post"}));
}

TEST_P(Order, WhatComesDueDuringAPassWaitsForTheNextP005) {
  Timer timer;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         self.yield(text, "first");
                         self.yield(text, "second");
                       })
                   .on(text, [&](auto&, Self& self, const std::string& t) {
                     if (t == "first") timer = self.after(0ns, text, "due meanwhile");
                     log.push_back(t);
                   }));
  ASSERT_TRUE(succeeded(kernel.run_one_timeslice(0ns)));
  EXPECT_EQ(log, (Log{"first", "second"}));
  ASSERT_TRUE(succeeded(kernel.run_one_timeslice(0ns)));
  EXPECT_EQ(log.back(), "due meanwhile");
}

TEST_P(Order, DescriptorsReadThenWriteBeforeQueuedEventsP006P007) {
  Pair pair = stream_pair(kernel);
  write_text(pair.there, "x");
  Watch watch;
  enum : int { read, write, event };
  std::vector<std::pair<std::uint64_t, int>> order;  // a slice may take several turns: each has its own order
  std::set<int> seen;
  const auto note = [&](int what) {
    order.emplace_back(kernel.counts().turns, what);
    seen.insert(what);
  };
  const SessionId id =
      kernel.spawn(actor()
                       .on(start,
                           [&](auto&, Self& self) {
                             watch = *self.watch(pair.here.get(), POE_READ | POE_WRITE, [&](std::uint32_t ready) {
                               if ((ready & POE_READ) != 0) note(read);
                               if ((ready & POE_WRITE) != 0) note(write);
                             });
                           })
                       .on(ping, [&](auto&, Self&) { note(event); }));
  for (int slice = 0; slice < 200; ++slice) {
    order.clear();
    ASSERT_TRUE(kernel.post(id, ping));
    ASSERT_TRUE(succeeded(kernel.run_one_timeslice(0ns)));
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end())) << "slice " << slice;
  }
  EXPECT_EQ(seen, (std::set<int>{read, write, event}));
}

TEST_P(Order, UnwatchedByAnEarlierHandlerIsNotToldP008) {
  Pair first = pipe_pair(kernel);
  Pair second = pipe_pair(kernel);
  write_text(first.there, "x");
  write_text(second.there, "x");
  Watch watches[2];
  int told = 0;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    const auto drop_both = [&](std::uint32_t) {
      ++told;
      watches[0] = Watch();
      watches[1] = Watch();
    };
    watches[0] = *self.watch(first.here.get(), POE_READ, drop_both);
    watches[1] = *self.watch(second.here.get(), POE_READ, drop_both);
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(told, 1);
}

TEST_P(Order, NegativeDelaysFireAtTheNextDispatchP017) {
  Timer timers[2];
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         self.yield(text, "yield");
                         timers[0] = self.after(-1h, text, "negative");
                         timers[1] = self.after(Duration::min(), text, "most negative");
                       })
                   .on(text, [&](auto&, Self&, const std::string& t) { log.push_back(t); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"most negative", "negative", "yield"}));
}

}  // namespace
}  // namespace poe::test
