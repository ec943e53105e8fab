// SPDX-License-Identifier: MIT
//
// The two modes that need nothing of a plug-in: ticks for a loop of frames, and a bridge for a host that cannot watch
// descriptors, with a message loop of its own here.
#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "kernel_lab.hpp"
#include "poe/coroutine.hpp"

namespace poe::test {
namespace {

/// Runs what other threads send it; gives up after ten seconds.
class MessageLoop {
 public:
  void post(Fn<void()> message) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
    came_.notify_one();
  }
  void quit() {
    post([this] { quit_ = true; });
  }
  ::testing::AssertionResult run() {
    for (quit_ = false; !quit_;) {
      Fn<void()> message;
      {
        std::unique_lock lock(mutex_);
        if (!came_.wait_for(lock, 10s, [this] { return !messages_.empty(); }))
          return ::testing::AssertionFailure() << "no message for ten seconds";
        message = std::move(messages_.front());
        messages_.pop_front();
      }
      message();
    }
    return ::testing::AssertionSuccess();
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Fn<void()>> messages_;
  bool quit_ = false;
};

class BridgeThreads : public OnEveryLoop {
 protected:
  void SetUp() override {
    const auto can = kernel.pollable();
    if (can) return;
    EXPECT_EQ(kernel.bridge([](Fn<void()>) {}).error().code(), Errc::not_supported);
    GTEST_SKIP() << "not pollable: " << can.error().message();
  }
  /// A bridge to `host` that ends its run when the sessions have.
  Bridge bridge_to_host() {
    auto made = kernel.bridge([this](Fn<void()> work) {
      ++slices;
      host.post(std::move(work));
    });
    EXPECT_TRUE(succeeded(made));
    made->on_finished([this] {
      log.push_back("finished");
      host.quit();
    });
    return std::move(*made);
  }
  MessageLoop host;
  std::atomic<int> slices = 0;  // that the helper asked for
  Log log;
};
POE_ON_REAL_LOOPS(BridgeThreads);

TEST_P(BridgeThreads, ASessionThatWaitsAsksForNoSlice) {
  kernel.spawn([](Self& self) -> Task<> {
    const auto slept = co_await self.sleep(50ms);
    EXPECT_TRUE(slept);
  });
  const Bridge bridge = bridge_to_host();
  EXPECT_TRUE(host.run());
  EXPECT_LE(slices, 6) << "the helper and the host keep each other busy";
}

TEST_P(BridgeThreads, SessionsRunOnTheHostsThread) {
  const auto thread = std::this_thread::get_id();
  kernel.spawn([&](Self& self) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      const auto slept = co_await self.sleep(2ms);
      EXPECT_TRUE(slept);
      EXPECT_EQ(std::this_thread::get_id(), thread);
      log.push_back("tick");
    }
  });
  const Bridge bridge = bridge_to_host();
  EXPECT_TRUE(host.run());
  EXPECT_EQ(log, (Log{"tick", "tick", "tick", "finished"}));
}

TEST_P(BridgeThreads, WhatTheHostPostsBetweenSlicesIsHandled) {
  const SessionId id = kernel.spawn(actor()
                                        .on(start, [](auto&, Self& self) { self.after(1h, ping).detach(); })
                                        .on(number, [this](auto&, Self& self, int n) {
                                          log.push_back("number " + std::to_string(n));
                                          if (n == 2) self.request_stop();
                                        }));
  const Bridge bridge = bridge_to_host();
  for (int n = 1; n <= 2; ++n) host.post([&, n] { EXPECT_TRUE(succeeded(kernel.post(id, number, n))); });
  EXPECT_TRUE(host.run());
  EXPECT_EQ(log, (Log{"number 1", "number 2", "finished"}));
}

/// Waits for an hour, unless its host makes it a shorter wait.
class Sleeper : public Session {
 public:
  explicit Sleeper(Birth birth) : Session(std::move(birth)) {}
  static void handlers(Handlers<Sleeper>& on) { on.on(start, &Sleeper::begin).on(ping, &Sleeper::end); }
  void sooner() { timer_ = after(1ms, ping); }

 private:
  void begin() { timer_ = after(1h, ping); }
  void end() { timer_.cancel(); }
  Timer timer_;
};

TEST_P(BridgeThreads, ATimerOfTheHostsMakingMovesTheWait) {
  const SessionId id = kernel.spawn<Sleeper>();
  const Bridge bridge = bridge_to_host();
  host.post([&] { EXPECT_TRUE(kernel.with<Sleeper>(id, [](Sleeper& sleeper) { sleeper.sooner(); })); });
  EXPECT_TRUE(host.run());
  EXPECT_EQ(log, Log{"finished"});
}

TEST_P(BridgeThreads, PostsOfOtherThreadsComeThroughPain06) {
  const SessionId id = kernel.spawn(actor()
                                        .on(start, [](auto&, Self& self) { self.after(1h, ping).detach(); })
                                        .on(number, [](auto&, Self& self, int) { self.request_stop(); }));
  const Bridge bridge = bridge_to_host();
  std::jthread other([address = kernel.address(id)] { EXPECT_TRUE(succeeded(address.post(number, 1))); });
  EXPECT_TRUE(host.run());
  EXPECT_EQ(log, Log{"finished"});
}

TEST_P(BridgeThreads, ABridgeThatGoesLeavesTheSessions) {
  const SessionId id = kernel.spawn(actor().on(start, [](auto&, Self& self) { self.after(1h, ping).detach(); }));
  {
    const Bridge bridge = bridge_to_host();
    EXPECT_EQ(kernel.run().error().code(), Errc::already_running);
    EXPECT_EQ(kernel.bridge([](Fn<void()>) {}).error().code(), Errc::already_running);
    host.post([&] { host.quit(); });
    EXPECT_TRUE(host.run());
  }
  EXPECT_TRUE(kernel.alive(id));
  EXPECT_TRUE(succeeded(kernel.signal(id, "TERM")));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_FALSE(kernel.alive(id));
  EXPECT_EQ(log, Log{}) << "the bridge has gone before the sessions";
}

TEST_P(BridgeThreads, AHandlerMayEndIt) {
  Bridge bridge;
  kernel.spawn([&](Self& self) -> Task<> {
    const auto slept = co_await self.sleep(1ms);
    EXPECT_TRUE(slept);
    bridge = Bridge();
    host.quit();
  });
  bridge = bridge_to_host();
  EXPECT_TRUE(host.run());
  EXPECT_FALSE(bridge);
}

TEST_P(BridgeThreads, WithoutAThreadIsAnErrorAndTheKernelStaysFree) {
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [](auto&, Self&) {}));
  pthread_attr_t usual, huge;
  ASSERT_EQ(::pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(::pthread_attr_init(&huge), 0);
  ASSERT_EQ(::pthread_attr_setstacksize(&huge, std::size_t{1} << 47), 0);  // no address space has that much
  ASSERT_EQ(::pthread_setattr_default_np(&huge), 0);
  const auto made = kernel.bridge([](Fn<void()>) {});
  ASSERT_EQ(::pthread_setattr_default_np(&usual), 0);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().number(), EAGAIN) << made.error().report();
  EXPECT_TRUE(succeeded(kernel.run()));
}

TEST(EmptyBridge, IgnoresWhatItIsAskedFor) {
  Bridge none;
  none.on_finished([] { FAIL(); });
  EXPECT_FALSE(none);
}

/// This thread, and those it starts, on one processor.
class OneProcessor {
 public:
  OneProcessor() {
    ::sched_getaffinity(0, sizeof former_, &former_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneProcessor() { ::sched_setaffinity(0, sizeof former_, &former_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t former_;
};

TEST_P(BridgeThreads, OnOneProcessorTheHostIsAskedOnceForManyEventsPain41) {
  constexpr int kEvents = 20'000;
  const OneProcessor one;
  int handled = 0;
  std::atomic<int> asked = 0;
  kernel.spawn(
      actor().on(start, [](auto&, Self& self) { self.yield(number, 1); }).on(number, [&](auto&, Self& self, int n) {
        ++handled;
        if (n > 1) return;
        for (int i = 2; i <= kEvents; ++i) self.yield(number, i);
      }));
  auto bridge = kernel.bridge([&](Fn<void()> work) {
    ++asked;
    host.post(std::move(work));
  });
  ASSERT_TRUE(succeeded(bridge));
  bridge->on_finished([this] { host.quit(); });
  EXPECT_TRUE(host.run());
  EXPECT_EQ(handled, kEvents);
  EXPECT_LT(asked, kEvents / 10);
}

class Ticks : public OnEveryLoop {};
POE_ON_EVERY_LOOP(Ticks);

TEST_P(Ticks, RunWhatIsDueAndWhatFollowsFromIt) {
  int handled = 0;
  kernel.spawn(
      actor().on(start, [](auto&, Self& self) { self.yield(number, 10); }).on(number, [&](auto&, Self& self, int n) {
        ++handled;
        if (n > 1) self.yield(number, n - 1);
        if (n == 1) self.after(1h, ping).detach();
      }));
  const auto more = kernel.tick(1h);
  ASSERT_TRUE(more);
  EXPECT_TRUE(*more);
  EXPECT_EQ(handled, 10);
}

TEST_P(Ticks, EndWithTheBudgetAndGoOnInTheNext) {
  int handled = 0;
  kernel.spawn(
      actor().on(start, [](auto&, Self& self) { self.yield(number, 3); }).on(number, [&](auto&, Self& self, int n) {
        ++handled;
        if (n > 1) self.yield(number, n - 1);
      }));
  int ticks = 0;
  for (auto more = kernel.tick(0ns); more && *more; more = kernel.tick(0ns)) ++ticks;
  EXPECT_EQ(handled, 3);
  EXPECT_GE(ticks, 2) << "one pass each";
}

}  // namespace
}  // namespace poe::test
