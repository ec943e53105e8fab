// SPDX-License-Identifier: MIT
//
// Scopes: several Tasks of one session that belong together.
#include <memory>
#include <stdexcept>
#include <string>

#include "kernel_lab.hpp"
#include "poe/coroutine.hpp"

namespace poe::test {

namespace {

class CoroutineScope : public OnEveryLoop {
 protected:
  Log log;

  Task<> nap(Self& self, std::string name, Duration length) {
    const auto slept = co_await self.sleep(length);
    log.push_back(name + (slept ? "" : " cancelled"));
  }
  Task<> fail_after(Self& self, Duration length) {
    static_cast<void>(co_await self.sleep(length));
    throw std::runtime_error("broken");
  }
};
POE_ON_EVERY_LOOP(CoroutineScope);

}  // namespace

TEST_P(CoroutineScope, JoinWaitsForAll) {
  kernel.spawn([this](Self& self) -> Task<> {
    Scope scope(self);
    EXPECT_TRUE(co_await scope.join());  // nobody to wait for
    scope.launch([](Self& me, Log* to) -> Task<> {
      EXPECT_TRUE(co_await me.next(go));
      to->push_back("long");
    }(self, &log));
    scope.launch([](Self& me, Log* to) -> Task<> {
      EXPECT_TRUE(co_await me.sleep(0ms));
      to->push_back("short");
      me.yield(go);
    }(self, &log));
    scope.launch([]() -> Task<int> { co_return 1; }());
    EXPECT_EQ(scope.running(), 2U);
    EXPECT_TRUE(co_await scope.join());
    EXPECT_EQ(scope.running(), 0U);
    log.push_back("joined");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"short", "long", "joined"}));
}

TEST_P(CoroutineScope, TheFirstExceptionCancelsTheOthersAndComesOutOfJoin) {
  kernel.spawn([this](Self& self) -> Task<> {
    Scope scope(self);
    scope.launch(nap(self, "long", 1h));
    scope.launch(fail_after(self, 1ms));
    try {
      static_cast<void>(co_await scope.join());
      log.push_back("no exception");
    } catch (const std::runtime_error& error) {
      log.push_back(error.what());
    }
    EXPECT_EQ(scope.running(), 0U);
    EXPECT_TRUE(co_await self.sleep(0ms));  // the one who joins is not cancelled
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"long cancelled", "broken"}));
}

TEST_P(CoroutineScope, AnExceptionNobodyJoinsIsADie) {
  kernel.spawn([this](Self& self) -> Task<> {
    Scope scope(self);
    scope.launch(fail_after(self, 0ms));
    static_cast<void>(co_await self.sleep(1ms));
    log.push_back("leaves");
  });
  EXPECT_EQ(kernel.run().error().code(), Errc::exception);
  EXPECT_EQ(log, Log{"leaves"});
}

TEST_P(CoroutineScope, CancelEndsAwaitsAndLeavesTheRestOfTheSessionAlone) {
  kernel.spawn([this](Self& self) -> Task<> {
    Scope scope(self);
    scope.launch(nap(self, "a", 1h));
    scope.launch(nap(self, "b", 1h));
    scope.cancel();
    scope.cancel();
    scope.launch(nap(self, "late", 1h));
    EXPECT_TRUE(co_await scope.join());
    EXPECT_TRUE(co_await self.sleep(1ms));
    log.push_back("done");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"late cancelled", "b cancelled", "a cancelled", "done"}));
}

TEST_P(CoroutineScope, LeavingAScopeDestroysWhatStillWaits) {
  const auto alive = std::make_shared<int>(1);
  kernel.spawn([this, alive](Self& self) -> Task<> {
    {
      Scope scope(self);
      scope.launch([](Self& me, std::shared_ptr<int> mine) -> Task<> {
        static_cast<void>(co_await me.sleep(1h));
        ADD_FAILURE() << *mine;
      }(self, alive));
      EXPECT_EQ(alive.use_count(), 4);  // here, the test's, the lambda's kept and the Task's
    }
    log.push_back(alive.use_count() == 3 ? "destroyed" : "kept");
    EXPECT_TRUE(co_await self.sleep(1ms));
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"destroyed"});
}

TEST_P(CoroutineScope, JoinTimesOutAndMayBeRepeated) {
  kernel.spawn([this](Self& self) -> Task<> {
    Scope scope(self);
    scope.launch(nap(self, "a", 5ms));
    const auto first = co_await scope.join().within(1ms);
    EXPECT_EQ(first.error().code(), Errc::timed_out);
    EXPECT_TRUE(co_await scope.join());
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"a"});
}

TEST_P(CoroutineScope, ARaceIsDecidedByTheFirstAndWaitsForTheLast) {
  kernel.spawn([this](Self& self) -> Task<> {
    Scope scope(self);
    scope.launch(nap(self, "slow", 1h));
    scope.launch(nap(self, "fast", 1ms));
    const auto won = co_await scope.race();
    EXPECT_EQ(won.value_or(9), 1U);
    EXPECT_EQ(scope.running(), 0U);
    log.push_back("decided");
    Scope none(self);
    EXPECT_EQ((co_await none.race()).error().code(), Errc::invalid_argument);
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"fast", "slow cancelled", "decided"}));
}

TEST_P(CoroutineScope, ATaskMayDestroyTheScopeItRunsIn) {
  std::unique_ptr<Scope> scope;
  kernel.spawn([&](Self& self) -> Task<> {
    scope = std::make_unique<Scope>(self);
    scope->launch([](std::unique_ptr<Scope>& mine, Self& me, Log& to) -> Task<> {
      EXPECT_TRUE(co_await me.sleep(0ms));
      mine.reset();
      to.push_back("goes on to its next await");
      static_cast<void>(co_await me.sleep(1ms));
      to.push_back("never");
    }(scope, self, log));
    const auto joined = co_await scope->join();
    EXPECT_EQ(joined.error().code(), Errc::closed);
    EXPECT_TRUE(co_await self.sleep(5ms));
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, Log{"goes on to its next await"});
}

TEST_P(CoroutineScope, ScopesNest) {
  kernel.spawn([this](Self& self) -> Task<> {
    Scope outer(self);
    const auto nested = [this](Self& me) -> Task<> {
      Scope inner(me);
      inner.launch(nap(me, "inner", 1h));
      const auto joined = co_await inner.join();
      log.push_back(joined ? "joined" : "cancelled");
    };
    outer.launch(nested(self));
    EXPECT_TRUE(co_await self.sleep(1ms));
    outer.cancel();
    EXPECT_TRUE(co_await outer.join());
    log.push_back("done");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"cancelled", "done"}));
}

TEST_P(CoroutineScope, ASessionThatStopsCancelsItsScopesAndTheirJoin) {
  kernel.spawn([this](Self& self) -> Task<> {
    Scope scope(self);
    scope.launch(nap(self, "a", 1h));
    self.request_stop();
    const auto joined = co_await scope.join();
    EXPECT_EQ(joined.error().code(), Errc::cancelled);
    log.push_back("body");
  });
  EXPECT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(log, (Log{"a cancelled", "body"}));
}

}  // namespace poe::test
