// SPDX-License-Identifier: MIT
//
// Tasks beside what else a kernel has: handlers that change, bounded mailboxes, books, an end with questions open.
#include "kernel_lab.hpp"
#include "poe/coroutine.hpp"

namespace poe::test {
namespace {

inline constexpr Event<int> question{"question"};

class TasksInCompany : public OnEveryLoop {};
POE_ON_EVERY_LOOP(TasksInCompany);

TEST_P(TasksInCompany, AHandlerChangedMeanwhileStandsBehindWhoWaits) {
  Log log;
  const SessionId id = kernel.spawn([&](Self& self) -> Task<> {
    const KeepAlive here = self.keep_alive("the test");
    self.handle(number, [&](int n) { log.push_back("first " + std::to_string(n)); });
    const auto one = co_await self.next(number);
    log.push_back("awaited " + std::to_string(*one));
    self.unhandle(number);
    const auto two = co_await self.next(number);
    log.push_back("awaited " + std::to_string(*two));
    self.handle(number, [&](int n) { log.push_back("second " + std::to_string(n)); });
    const auto end = co_await self.next(ping);
    static_cast<void>(end);
  });
  for (int n = 1; n <= 3; ++n) {
    ASSERT_TRUE(kernel.post(id, number, n));
    ASSERT_TRUE(kernel.run_one_timeslice(0ns));
    ASSERT_TRUE(kernel.run_one_timeslice(0ns));
  }
  EXPECT_EQ(log, (Log{"awaited 1", "awaited 2", "second 3"}));
}

TEST_P(TasksInCompany, ReplacingTheHandlerKeepsThePendingAwait) {
  int got = 0;
  int handled = 0;
  const SessionId id = kernel.spawn([&](Self& self) -> Task<> {
    const KeepAlive here = self.keep_alive("the test");
    self.defer([&] { self.handle(number, [&](int n) { handled = n; }); });
    const auto one = co_await self.next(number);
    got = *one;
    const auto end = co_await self.next(ping);
    static_cast<void>(end);
  });
  ASSERT_TRUE(kernel.run_one_timeslice(0ns));
  for (int n = 1; n <= 2; ++n) {
    ASSERT_TRUE(kernel.post(id, number, n));
    ASSERT_TRUE(kernel.run_one_timeslice(0ns));
    ASSERT_TRUE(kernel.run_one_timeslice(0ns));
  }
  EXPECT_EQ(got, 1);
  EXPECT_EQ(handled, 2);
}

TEST_P(TasksInCompany, PendingAwaitsAreInTheBooks) {
  kernel.spawn([](Self& self) -> Task<> {
    const auto slept = co_await self.sleep(1h);
    static_cast<void>(slept);
  });
  EXPECT_EQ(kernel.check_books(), Log{});
  ASSERT_TRUE(kernel.run_one_timeslice(0ns));
  EXPECT_EQ(kernel.check_books(), Log{});
}

TEST_P(TasksInCompany, RepliesReachAFullMailbox) {
  int answer = 0;
  const SessionId oracle = kernel.spawn(actor().on(question, [](auto&, Self&, int n) { return n + 1; }));
  kernel.spawn([&, oracle](Self& self) -> Task<> {
    SessionOptions options;
    options.mailbox = 1;
    self.set_options(options);
    self.yield(ping);
    const auto reply = co_await self.ask<int>(oracle, question, 41);
    answer = reply ? *reply : -1;
  });
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(answer, 42);
}

TEST_P(TasksInCompany, AQuestionStillQueuedDiesWithTheKernel) {
  Kernel short_lived = open_on(GetParam());
  const SessionId oracle = short_lived.spawn(actor().on(question, [](auto&, Self&, int n) { return n; }));
  short_lived.spawn([oracle](Self& self) -> Task<> {
    const auto reply = co_await self.ask<int>(oracle, question, 1);
    EXPECT_FALSE(reply);
  });
}

}  // namespace
}  // namespace poe::test
