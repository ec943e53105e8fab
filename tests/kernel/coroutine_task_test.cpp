// SPDX-License-Identifier: MIT
//
// Tasks: sessions that are coroutines, Tasks inside Tasks, and their end.
#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>

#include "kernel_lab.hpp"
#include "poe/coroutine.hpp"

namespace poe::test {

namespace {

class CoroutineTask : public OnEveryLoop {
 protected:
  Log log;
};
POE_ON_EVERY_LOOP(CoroutineTask);

Task<int> doubled(Self& self, int value) {
  if (value % 2 == 0) static_cast<void>(co_await self.sleep(1ms));
  co_return 2 * value;
}

Task<> failing(Self& self) {
  static_cast<void>(co_await self.sleep(0ms));
  throw std::runtime_error("broken");
}

/// Says in a log when it goes.
struct Guard {
  Log* log;
  std::string name;
  Guard(Log& to, std::string what) : log(&to), name(std::move(what)) {}
  Guard(Guard&& other) noexcept : log(std::exchange(other.log, nullptr)), name(std::move(other.name)) {}
  ~Guard() {
    if (log != nullptr) log->push_back("~" + name);
  }
};

}  // namespace

TEST_P(CoroutineTask, ABodyRunsAtOnceUpToItsFirstAwaitAndItsSessionEndsWithIt) {
  const SessionId id = kernel.spawn([this](Self& self) -> Task<> {
    log.push_back("begun");
    EXPECT_TRUE(co_await self.sleep(1ms));
    log.push_back("done");
  });
  EXPECT_EQ(log, Log{"begun"});
  EXPECT_TRUE(kernel.alive(id));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"begun", "done"}));
  EXPECT_FALSE(kernel.alive(id));
}

TEST_P(CoroutineTask, ABodyThatNeverAwaitsIsASessionToo) {
  bool ran = false;
  kernel.spawn([&ran](Self&) -> Task<> {
    ran = true;
    co_return;
  });
  EXPECT_TRUE(ran);
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(kernel.session_count(), 0U);
}

TEST_P(CoroutineTask, CallableAndArgumentsLiveAsLongAsTheBody) {
  auto body = [this, guard = Guard(log, "captured")](Self& self, const std::string& word,
                                                     std::unique_ptr<int> owned) -> Task<> {
    EXPECT_TRUE(co_await self.sleep(1ms));
    log.push_back(word + std::to_string(*owned) + guard.name);
  };
  kernel.spawn(std::move(body), std::string("a word too long to lie inside a string object"), std::make_unique<int>(7));
  EXPECT_TRUE(log.empty());
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"a word too long to lie inside a string object7captured", "~captured"}));
}

TEST_P(CoroutineTask, ASessionSpawnedInABodyIsItsChild) {
  kernel.spawn([this](Self& self) -> Task<> {
    const SessionId child_id =
        self.kernel().spawn([](Self& inner) -> Task<> { static_cast<void>(co_await inner.sleep(1ms)); });
    for (const SessionInfo& info : self.kernel().sessions()) {
      if (info.id == child_id) log.push_back(info.parent == self.id() ? "mine" : "another's");
    }
    const auto change = co_await self.next(child);
    log.push_back(change && change->reason == ChildChange::Reason::lose ? "lost" : "else");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"mine", "lost"}));
}

TEST_P(CoroutineTask, ResultsOfInnerTasksComeThrough) {
  int sum = 0;
  kernel.spawn([&sum](Self& self) -> Task<> {
    for (int i = 0; i < 4; ++i) sum += co_await doubled(self, i);
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(sum, 12);
}

TEST_P(CoroutineTask, ExceptionsOfInnerTasksComeThrough) {
  kernel.spawn([this](Self& self) -> Task<> {
    try {
      co_await failing(self);
    } catch (const std::runtime_error& error) {
      log.push_back(error.what());
    }
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"broken"});
}

TEST_P(CoroutineTask, AnExceptionOutOfABodyIsADieWithTheExceptionKept) {
  const SessionId id = kernel.spawn(failing);
  const auto ran = kernel.run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code(), Errc::exception);
  EXPECT_THROW(std::rethrow_exception(ran.error().exception()), std::runtime_error);
  EXPECT_FALSE(kernel.alive(id));
}

TEST_P(CoroutineTask, AParentThatHandlesDieOutlivesABodyThatThrows) {
  kernel.spawn([this](Self& self) -> Task<> {
    const SessionId one = self.kernel().spawn(failing);
    const auto died = co_await self.signal("DIE");
    log.push_back(died && died->source == one ? "died" : "else");
    EXPECT_TRUE(co_await self.sleep(1ms));
    log.push_back(self.kernel().alive(one) ? "alive" : "gone");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"died", "gone"}));
}

TEST_P(CoroutineTask, AThrowBeforeTheFirstAwaitEndsTheSessionAtOnceP062) {
  const SessionId id = kernel.spawn([](Self&) -> Task<> {
    throw std::runtime_error("stillborn");
    co_return;
  });
  EXPECT_FALSE(kernel.alive(id));
  EXPECT_EQ(kernel.run().error().code(), Errc::exception);
}

TEST_P(CoroutineTask, AMillionTasksAndSleepsInALoopNeedNoStack) {
  const int rounds = GetParam() == "epoll" ? 1'000'000 : 20'000;
  long sum = 0;
  const auto trivial = [](int value) -> Task<int> { co_return value; };
  kernel.spawn([&](Self& self) -> Task<> {
    for (int i = 0; i < rounds; ++i) {
      sum += co_await trivial(1);
      static_cast<void>(co_await self.sleep(0ms));
    }
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(sum, rounds);
}

TEST_P(CoroutineTask, ADeepChainOfTasksNeedsNoStack) {
  struct Chain {
    static Task<int> down(Self& self, int left) {
      if (left == 0) {
        static_cast<void>(co_await self.sleep(0ms));
        co_return 0;
      }
      co_return 1 + co_await down(self, left - 1);
    }
  };
  int depth = 0;
  kernel.spawn([&](Self& self) -> Task<> { depth = co_await Chain::down(self, 100'000); });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(depth, 100'000);
}

TEST_P(CoroutineTask, ATaskThatNobodyStartsDoesNothing) {
  kernel.spawn(actor().on(start, [this](auto&, Self& self) {
    Task<int> idle = doubled(self, 2);
    EXPECT_TRUE(idle);
    Task<> none;
    EXPECT_FALSE(none);
    self.launch(std::move(none));
    log.push_back("made");
  }));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"made"});
}

namespace {

class Worker : public Session {
 public:
  Worker(Birth birth, Log& log) : Session(std::move(birth)), log_(log) {}
  static void handlers(Handlers<Worker>& table) {
    table.on(poe::start, &Worker::begin).on(text, &Worker::hear).on(poe::stop, &Worker::end);
  }

 private:
  void begin() {
    launch(work(2));
    log_.push_back("begun");
    yield(text, "posted");
  }
  Task<> work(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      static_cast<void>(co_await sleep(2ms));
      log_.push_back("worked");
    }
  }
  Task<int> hear(std::string what) {
    static_cast<void>(co_await sleep(1ms));
    log_.push_back(what);
    co_return 1;
  }
  void end() { log_.push_back("stopped"); }
  Log& log_;
};

}  // namespace

TEST_P(CoroutineTask, ClassSessionsLaunchTasksAndHaveHandlersThatAreOne) {
  kernel.spawn<Worker>(log);
  EXPECT_TRUE(succeeded(kernel.run()));
  ASSERT_EQ(log.size(), 5u);
  EXPECT_EQ(log.front(), "begun");
  EXPECT_EQ(log.back(), "stopped");
  std::sort(log.begin() + 1, log.end() - 1);  // real time decides between the two Tasks
  EXPECT_EQ(log, (Log{"begun", "posted", "worked", "worked", "stopped"}));
}

TEST_P(CoroutineTask, InlineSessionsHaveHandlersThatAreTasks) {
  kernel.spawn(Inline<int>(5)
                   .on(start, [](int&, Self& self) { self.yield(number, 2); })
                   .on(number, [this](int& state, Self& self, int value) -> Task<> {
                     static_cast<void>(co_await self.sleep(1ms));
                     log.push_back(std::to_string(state + value));
                   }));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"7"});
}

TEST_P(CoroutineTask, AThrowingLaunchedTaskIsADieAndItsSessionMayGoOn) {
  kernel.spawn(actor()
                   .on(start,
                       [this](auto&, Self& self) {
                         std::move(*self.on_signal("DIE", [this](const Signal& signal) {
                           signal.handled();
                           log.push_back("die");
                         })).detach();
                         self.launch(failing(self));
                         self.after(5ms, go).detach();
                       })
                   .on(go, [this](auto&, Self&) { log.push_back("goes on"); }));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"die", "goes on"}));
}

TEST_P(CoroutineTask, FramesAreDestroyedBeforeTheSessionTheyReferTo) {
  struct Owner : Session {
    Owner(Birth birth, Log& to) : Session(std::move(birth)), mine(to, "member") {}
    static void handlers(Handlers<Owner>& table) { table.on(poe::start, &Owner::begin); }
    void begin() { launch(wait()); }
    Task<> wait() {
      const Guard local(*mine.log, "local");
      while (co_await sleep(1h)) {
      }
      static_cast<void>(co_await sleep(1h));
    }
    Guard mine;
  };
  const SessionId id = kernel.spawn<Owner>(log);
  EXPECT_TRUE(succeeded(kernel.with<Owner>(id, [](Owner& owner) { owner.request_stop(); })));
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"~local", "~member"}));
}

}  // namespace poe::test
