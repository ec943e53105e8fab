// SPDX-License-Identifier: MIT
//
// Other threads: posting by Address, postbacks that end elsewhere, kernels side by side. Run under TSan as well; every
// name here contains "Thread".
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

inline constexpr Event<int, int> from{"from"};  // thread, number

class Threads : public OnEveryLoop {};
POE_ON_EVERY_LOOP(Threads);

TEST_P(Threads, PostsOfEachKeepTheirOrder) {
  constexpr int kThreads = 4, kPosts = 5000;
  std::vector<int> next(kThreads, 0);
  bool ordered = true;
  int left = kThreads * kPosts;
  KeepAlive pin;
  std::optional<Address> address;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         pin = self.keep_alive("threads");
                         address.emplace(self.address());
                       })
                   .on(from, [&](auto&, Self&, int thread, int n) {
                     ordered = ordered && n == next[static_cast<std::size_t>(thread)]++;
                     if (--left == 0) pin.cancel();
                   }));
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t, to = *address] {
      for (int n = 0; n < kPosts; ++n) {
        if (!to.post(from, t, n)) std::abort();
      }
    });
  }
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(ordered);
  EXPECT_EQ(left, 0);
}

TEST_P(Threads, NoWakeOfASleepingLoopIsLostPain06Pain15) {
  constexpr int kRounds = 300;
  KeepAlive pin;
  std::optional<Address> address;
  std::atomic<int> answered{0};
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         pin = self.keep_alive("thread");
                         address.emplace(self.address());
                       })
                   .on(number, [&](auto&, Self&, int n) {
                     answered.store(n + 1);
                     answered.notify_one();
                     if (n + 1 == kRounds) pin.cancel();
                   }));
  std::jthread other([&, to = *address] {
    for (int n = 0; n < kRounds; ++n) {
      if (!to.post(number, n)) std::abort();
      answered.wait(n);  // the loop has nothing else to do: without the wake this never ends
    }
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(answered.load(), kRounds);
}

TEST_P(Threads, PostedBeforeTheFirstRunArrive) {
  std::vector<int> got;
  KeepAlive pin;
  std::optional<Address> address;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         pin = self.keep_alive("thread");
                         address.emplace(self.address());
                       })
                   .on(number, [&](auto&, Self&, int n) {
                     got.push_back(n);
                     pin.cancel();
                   }));
  std::thread([&] { ASSERT_TRUE(address->post(number, 5)); }).join();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, (std::vector<int>{5}));
}

TEST_P(Threads, WorkDeferredByOneRunsHere) {
  KeepAlive pin;
  std::optional<Address> address;
  std::thread::id ran_on;
  SessionId ran_as;
  const SessionId id = kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    pin = self.keep_alive("thread");
    address.emplace(self.address());
  }));
  std::jthread other([&, to = *address] {
    static_cast<void>(to.defer([&] {
      ran_on = std::this_thread::get_id();
      ran_as = kernel.current();
      pin.cancel();
    }));
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(ran_on, std::this_thread::get_id());
  EXPECT_EQ(ran_as, id);
}

TEST_P(Threads, APostbackDestroyedOnAnotherThreadLetsItsSessionGo) {
  std::optional<Postback<int>> back;
  std::vector<int> got;
  kernel.spawn(actor()
                   .on(start, [&](auto&, Self& self) { back.emplace(self.postback(number)); })
                   .on(number, [&](auto&, Self&, int n) { got.push_back(n); }));
  std::jthread other([mine = std::move(*back)]() mutable { const Postback<int> gone = std::move(mine); });
  back.reset();
  ASSERT_TRUE(succeeded(kernel.run()));  // ends only when the reference is given up
  EXPECT_EQ(kernel.session_count(), 0u);
}

TEST_P(Threads, ArgumentsForASessionThatEndedDieOnTheLoopsThread) {
  struct Witness {
    std::thread::id* died_on = nullptr;
    explicit Witness(std::thread::id& on) : died_on(&on) {}
    Witness(Witness&& other) noexcept : died_on(std::exchange(other.died_on, nullptr)) {}
    ~Witness() {
      if (died_on != nullptr) *died_on = std::this_thread::get_id();
    }
  };
  static constexpr Event<const Witness&> witness{"witness"};
  std::thread::id died_on;
  std::optional<Address> address;
  KeepAlive pin;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { address.emplace(self.address()); }));
  ASSERT_TRUE(succeeded(kernel.run()));
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(go); }));
  std::thread([&] { EXPECT_TRUE(address->post(witness, Witness(died_on))); }).join();
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(died_on, std::this_thread::get_id());
}

// Few octets travel in the letter itself, more beside it.
TEST_P(Threads, ArgumentsThatOwnSomethingArriveOnceOrAreDestroyed) {
  static constexpr Event<std::shared_ptr<int>> few{"few"};
  static constexpr Event<std::shared_ptr<int>, std::string> many{"many"};
  constexpr int kPosts = 500;
  const auto shared = std::make_shared<int>(7);
  const std::string text(40, 't');
  int heard = 0;
  KeepAlive pin;
  std::optional<Address> address, ended;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { ended.emplace(self.address()); }));
  const auto hear = [&] {
    if (++heard == 2 * kPosts) pin.cancel();
  };
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         pin = self.keep_alive("thread");
                         address.emplace(self.address());
                       })
                   .on(few, [&](auto&, Self&, const std::shared_ptr<int>& got) { *got == 7 ? hear() : void(); })
                   .on(many, [&](auto&, Self&, const std::shared_ptr<int>& got, const std::string& with) {
                     *got == 7 && with == text ? hear() : void();
                   }));
  while (kernel.alive(ended->id())) ASSERT_TRUE(kernel.run_one_timeslice(0ms));
  std::jthread([&] {
    for (int n = 0; n < kPosts; ++n) {
      for (const Address& to : {*address, *ended}) {
        static_cast<void>(to.post(few, shared));
        static_cast<void>(to.post(many, shared, text));
      }
    }
  }).join();
  EXPECT_GE(shared.use_count(), 4 * kPosts) << "all wait";
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(heard, 2 * kPosts);
  EXPECT_EQ(shared.use_count(), 1);
}

TEST_P(Threads, PostingToAKernelThatEndsIsAnErrorNotACrash) {
  for (int round = 0; round < 20; ++round) {
    std::optional<Kernel> other = open_on(GetParam());
    std::optional<Address> address;
    other->spawn(actor().on(start, [&](auto&, Self& self) { address.emplace(self.address()); }));
    std::atomic<bool> started{false};
    std::jthread poster([&started, to = *address] {
      for (;;) {
        const auto posted = to.post(number, 1);
        started = true;
        started.notify_one();
        if (!posted) return;
      }
    });
    started.wait(false);
    static_cast<void>(other->run_one_timeslice(0ns));
    other.reset();
  }
}

TEST_P(Threads, AnotherThreadsCallIsAnErrorThatNamesAddressPain16) {
  KeepAlive pin;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { pin = self.keep_alive("pin"); }));
  static_cast<void>(kernel.run_one_timeslice(0ns));
  std::thread([&] {
    const auto ran = kernel.run();
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code(), Errc::wrong_thread);
    EXPECT_NE(ran.error().report().find("Address"), std::string::npos);
  }).join();
}

TEST(ThreadsOfKernels, EachWithAnotherLoopTalkToOneAnotherPain17Pain18Pain23) {
  const auto loops = all_loops();
  std::vector<int> sums(loops.size(), 0);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    threads.emplace_back([&, i] {
      Kernel mine = open_on(loops[i]);
      Timer timer;
      int ticks = 0;
      mine.spawn(actor()
                     .on(start,
                         [&](auto&, Self& self) {
                           timer = self.every(1ms, ping);
                           for (int n = 1; n <= 1000; ++n) self.yield(number, n);
                         })
                     .on(ping,
                         [&](auto&, Self&) {
                           if (++ticks == 5) timer.cancel();
                         })
                     .on(number, [&](auto&, Self&, int n) { sums[i] += n; }));
      EXPECT_TRUE(succeeded(mine.run()));
    });
  }
  threads.clear();
  for (std::size_t i = 0; i < loops.size(); ++i) EXPECT_EQ(sums[i], 500'500) << loops[i];
}

class ThreadsAndSignals : public OnEveryLoop {};
POE_ON_REAL_LOOPS(ThreadsAndSignals);

TEST_P(ThreadsAndSignals, TwoKernelsWatchTheSameSignalPain33) {
  std::atomic<int> ready{0};
  std::atomic<int> heard{0};
  const auto run_one = [&] {
    Kernel mine = open_on(GetParam());
    KeepAlive pin;
    SignalWatch watch;
    mine.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         pin = self.keep_alive("signal");
                         watch = *self.on_signal("USR2", [&](const Signal&) {
                           ++heard;
                           pin.cancel();
                         });
                         self.yield(go);
                       })
                   .on(go, [&](auto&, Self&) {
                     ++ready;
                     ready.notify_all();
                   }));
    EXPECT_TRUE(succeeded(mine.run()));
  };
  std::jthread first(run_one), second(run_one);
  for (int seen = ready; seen < 2; seen = ready) ready.wait(seen);
  ::kill(::getpid(), SIGUSR2);
  first.join();
  second.join();
  EXPECT_EQ(heard.load(), 2);
}

TEST_P(ThreadsAndSignals, KernelsComeAndGoUnderASignalStorm) {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGUSR1, &ignore, nullptr);
  std::jthread storm([](const std::stop_token& over) {
    while (!over.stop_requested()) ::kill(::getpid(), SIGUSR1);
  });
  for (int round = 0; round < 50; ++round) {
    Kernel mine = open_on(GetParam());
    KeepAlive pin;
    SignalWatch watch;
    mine.spawn(actor().on(start, [&](auto&, Self& self) {
      pin = self.keep_alive("signal");
      watch = *self.on_signal("USR1", [&](const Signal&) {
        pin.cancel();
        watch.cancel();
      });
    }));
    ASSERT_TRUE(succeeded(mine.run()));
  }
}

}  // namespace
}  // namespace poe::test
