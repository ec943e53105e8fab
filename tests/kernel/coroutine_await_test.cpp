// SPDX-License-Identifier: MIT
//
// What Tasks wait for: time, events, signals, and how waiting ends.
#include <string>
#include <tuple>

#include "kernel_lab.hpp"
#include "poe/coroutine.hpp"

namespace poe::test {

namespace {

class CoroutineAwait : public OnEveryLoop {
 protected:
  Log log;
};
POE_ON_EVERY_LOOP(CoroutineAwait);

inline constexpr Event<int, std::string> pair{"pair"};

}  // namespace

TEST_P(CoroutineAwait, SleepIsNeverEarly) {
  kernel.spawn([](Self& self) -> Task<> {
    const TimePoint begun = self.now();
    EXPECT_TRUE(co_await self.sleep(3ms));
    EXPECT_GE(self.now() - begun, 3ms);
    const TimePoint due = self.now() + 2ms;
    EXPECT_TRUE(co_await self.sleep_until(due));
    EXPECT_GE(self.now(), due);
    EXPECT_TRUE(co_await self.sleep_until(due - 1h));
    EXPECT_TRUE(co_await self.sleep(-1ms));
  });
  EXPECT_TRUE(succeeded(kernel.run()));
}

TEST_P(CoroutineAwait, SleepOfZeroComesAfterWhatIsQueuedP004Pain31) {
  const SessionId other = kernel.spawn(actor()
                                           .on(start, [](auto&, Self& self) { self.keep_alive("test").cancel(); })
                                           .on(text, [this](auto&, Self&, std::string word) { log.push_back(word); }));
  kernel.spawn([this, other](Self& self) -> Task<> {
    static_cast<void>(self.post(other, text, "before"));
    EXPECT_TRUE(co_await self.sleep(0ms));
    log.push_back("slept");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"before", "slept"}));
}

TEST_P(CoroutineAwait, NextGivesTheArgumentsOfAnEvent) {
  const SessionId id = kernel.spawn([this](Self& self) -> Task<> {
    Result<void> nothing = co_await self.next(go);
    EXPECT_TRUE(nothing);
    Result<int> one = co_await self.next(number);
    Result<std::tuple<int, std::string>> two = co_await self.next(pair);
    if (one && two) log.push_back(std::to_string(*one) + std::to_string(std::get<0>(*two)) + std::get<1>(*two));
  });
  EXPECT_TRUE(succeeded(kernel.post(id, go)));
  EXPECT_TRUE(succeeded(kernel.post(id, number, 4)));
  EXPECT_TRUE(succeeded(kernel.post(id, pair, 2, "!")));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"42!"});
}

TEST_P(CoroutineAwait, NextTimesOut) {
  kernel.spawn([this](Self& self) -> Task<> {
    const TimePoint begun = self.now();
    const auto got = co_await self.next(number, 3ms);
    EXPECT_GE(self.now() - begun, 3ms);
    EXPECT_EQ(got.error().code(), Errc::timed_out);
    EXPECT_EQ(got.error().message(), "cannot wait for event \"number\": nothing came of it in time");
    const auto again = co_await self.next(number).within(1ms);
    EXPECT_EQ(again.error().code(), Errc::timed_out);
    self.yield(number, 1);
    const auto third = co_await self.next(number).within(1h);
    EXPECT_EQ(third.value_or(-1), 1);
    log.push_back("done");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"done"});
}

TEST_P(CoroutineAwait, WhoWaitsComesBeforeTheHandlerAndOneAfterTheOther) {
  struct Both : Session {
    Both(Birth birth, Log& to) : Session(std::move(birth)), log(to) {}
    static void handlers(Handlers<Both>& table) { table.on(poe::start, &Both::begin).on(number, &Both::handle); }
    void begin() {
      launch(wait("a"));
      launch(wait("b"));
      for (int i = 1; i <= 3; ++i) yield(number, i);
    }
    void handle(int value) { log.push_back("handler" + std::to_string(value)); }
    Task<> wait(std::string name) {
      const auto got = co_await next(number);
      log.push_back(name + std::to_string(got.value_or(-1)));
    }
    Log& log;
  };
  kernel.spawn<Both>(log);
  kernel.spawn<Both>(log);  // its class's table is still as it was
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"a1", "b2", "handler3", "a1", "b2", "handler3"}));
}

TEST_P(CoroutineAwait, ACallForAResultGoesToTheHandler) {
  int answer = 0;
  const SessionId id = kernel.spawn(actor()
                                        .on(start,
                                            [this](auto&, Self& self) {
                                              self.launch([](Self& me, Log& to) -> Task<> {
                                                const auto got = co_await me.next(number);
                                                to.push_back("waited " + std::to_string(got.value_or(-1)));
                                              }(self, log));
                                            })
                                        .on(number, [](auto&, Self&, int value) { return value + 1; }));
  answer = kernel.call<int>(id, number, 1).value_or(-1);
  EXPECT_EQ(answer, 2);
  EXPECT_TRUE(log.empty());
  EXPECT_TRUE(succeeded(kernel.call(id, number, 5)));
  EXPECT_EQ(log, Log{"waited 5"});
}

TEST_P(CoroutineAwait, AnEventPostedByNameIsAwaitedToo) {
  const SessionId id = kernel.spawn([this](Self& self) -> Task<> {
    const auto got = co_await self.next(text);
    log.push_back(got.value_or("none"));
  });
  const Value words[] = {Value(std::string("by name"))};
  EXPECT_TRUE(succeeded(kernel.post(id, "text", words)));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"by name"});
}

TEST_P(CoroutineAwait, AnInboxKeepsWhatComesBetweenTwoAwaits) {
  const SessionId id = kernel.spawn([this](Self& self) -> Task<> {
    Inbox numbers(self, number);
    for (int i = 0; i < 3; ++i) {
      const auto got = co_await numbers.next();
      log.push_back(std::to_string(got.value_or(-1)));
      EXPECT_TRUE(co_await self.sleep(1ms));
    }
    EXPECT_EQ(numbers.size(), 1U);
    EXPECT_EQ(numbers.take(), 4);
    EXPECT_EQ(numbers.take(), std::nullopt);
  });
  for (int i = 1; i <= 4; ++i) EXPECT_TRUE(succeeded(kernel.post(id, number, i)));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"1", "2", "3"}));
}

TEST_P(CoroutineAwait, AQueueHandsValuesToThoseWhoWaitAndEndsWithAReason) {
  AwaitQueue<std::string> queue("words");
  kernel.spawn([&](Self&) -> Task<> {
    while (true) {
      auto word = co_await queue.next();
      log.push_back(word ? *word : std::string(to_string(word.error().code())));
      if (!word) break;
    }
  });
  kernel.spawn([&](Self& self) -> Task<> {
    EXPECT_TRUE(queue.push("one"));
    EXPECT_TRUE(queue.push("two"));
    EXPECT_TRUE(co_await self.sleep(1ms));
    EXPECT_TRUE(queue.push("three"));
    queue.close(Error(Errc::end_of_file, "read"));
    EXPECT_FALSE(queue.push("four"));
    EXPECT_TRUE(co_await self.sleep(1ms));
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"one", "two", "three", "end_of_file"}));
}

TEST_P(CoroutineAwait, AQueueThatGoesEndsItsAwaits) {
  auto queue = std::make_unique<AwaitQueue<int>>();
  kernel.spawn([&](Self&) -> Task<> {
    const auto got = co_await queue->next();
    EXPECT_EQ(got.error().code(), Errc::closed);
    log.push_back("told");
  });
  queue.reset();
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"told"});
}

TEST_P(CoroutineAwait, AQueueInUseIsAsLongAsItsContents) {
  AwaitQueue<int> queue;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(queue.push(i));
  int next = 0;
  for (int i = 10; i < 5000; ++i) {
    EXPECT_TRUE(queue.push(i));
    EXPECT_EQ(queue.take(), next++);
    EXPECT_EQ(queue.size(), 10U);
  }
}

TEST_P(CoroutineAwait, AnInventedSignalIsAwaitedAndHandled) {
  const SessionId id = kernel.spawn([this](Self& self) -> Task<> {
    const auto got = co_await self.signal("DANCE");
    log.push_back(got ? got->name : "none");
    static_cast<void>(self.kernel().signal(self.id(), "TERM"));
    const auto ended = co_await self.signal("TERM");
    log.push_back(ended ? ended->name : "none");
    EXPECT_TRUE(co_await self.sleep(1ms));  // it did not end us: it counts as handled
    log.push_back("still here");
  });
  EXPECT_TRUE(succeeded(kernel.signal(id, "DANCE")));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"DANCE", "TERM", "still here"}));
}

TEST_P(CoroutineAwait, ASessionsOwnSignalHandlerIsToldBeforeWhoAwaitsIt) {
  SignalWatch watch;
  const SessionId id = kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    watch = std::move(*self.on_signal("DANCE", [this](const Signal&) { log.push_back("handler"); }));
    self.launch([](Self& me, Log& to) -> Task<> {
      static_cast<void>(co_await me.signal("DANCE"));
      to.push_back("task");
    }(self, log));
  }));
  EXPECT_TRUE(succeeded(kernel.signal(id, "DANCE")));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"handler", "task"}));
}

TEST_P(CoroutineAwait, ASignalNobodyCanCatchIsAnError) {
  kernel.spawn([this](Self& self) -> Task<> {
    const auto got = co_await self.signal("KILL");
    EXPECT_EQ(got.error().code(), Errc::invalid_argument);
    log.push_back("told");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"told"});
}

TEST_P(CoroutineAwait, DescriptorsAreAwaited) {
  Pair pair = stream_pair(kernel);
  kernel.spawn([&](Self& self) -> Task<> {
    const auto ready = co_await self.readable(pair.here.get());
    EXPECT_TRUE(ready && (*ready & POE_READ) != 0);
    log.push_back(read_text(pair.here));
    const auto late = co_await self.readable(pair.here.get()).within(1ms);
    EXPECT_EQ(late.error().code(), Errc::timed_out);
    const auto room = co_await self.writable(pair.here.get());
    EXPECT_TRUE(room && (*room & POE_WRITE) != 0);
  });
  kernel.spawn([&](Self& self) -> Task<> {
    EXPECT_TRUE(co_await self.sleep(1ms));
    write_text(pair.there, "hello");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"hello"});
}

TEST_P(CoroutineAwait, ADescriptorThatCannotBeWatchedIsAnError) {
  kernel.spawn([this](Self& self) -> Task<> {
    const auto ready = co_await self.readable(-1);
    EXPECT_FALSE(ready);
    log.push_back("told");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"told"});
}

TEST_P(CoroutineAwait, WhyAliveNamesWhatIsAwaited) {
  Inline form = actor().on(start, [](auto&, Self& self) {
    self.launch([](Self& me) -> Task<> { static_cast<void>(co_await me.sleep(1h)); }(self));
    self.launch([](Self& me) -> Task<> { static_cast<void>(co_await me.next(number, 1h)); }(self));
    self.launch([](Self& me) -> Task<> { static_cast<void>(co_await me.signal("DANCE")); }(self));
  });
  const SessionId id = kernel.spawn(std::move(form));
  const std::string why = kernel.why_alive(id);
  EXPECT_NE(why.find("  awaits: sleep for 3"), std::string::npos) << why;
  EXPECT_NE(why.find("  awaits: event \"number\", at most 3"), std::string::npos) << why;
  EXPECT_NE(why.find("  awaits: signal \"DANCE\"\n"), std::string::npos) << why;
  EXPECT_EQ(why.find("a timer"), std::string::npos) << why;
}

}  // namespace poe::test
