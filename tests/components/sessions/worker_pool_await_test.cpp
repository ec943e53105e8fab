// SPDX-License-Identifier: MIT
//
// co_await on a WorkerPool. Run under TSan as well; every name here contains "Thread".
#include "poe/components/worker_pool_awaits.hpp"

#include <memory>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

class PoolThreadAwaits : public OnEveryLoop {
 protected:
  template <class F>
  void run(F task) {
    kernel.spawn(std::move(task));
    EXPECT_TRUE(succeeded(kernel.run()));
  }
  void note(const Error& error) { log.push_back(error.operation() + ": " + std::string(to_string(error.code()))); }

  Log log;
  WorkerPool pool;
};
POE_ON_EVERY_LOOP(PoolThreadAwaits);

TEST_P(PoolThreadAwaits, GiveTheResult) {
  run([this](Self& self) -> Task<> {
    const auto here = std::this_thread::get_id();
    auto elsewhere = pool.start(self, [here] { return std::this_thread::get_id() != here; });
    auto owned = pool.start(
        self, "make", [only = std::make_unique<int>(42)](const std::stop_token&) mutable { return std::move(only); });
    EXPECT_TRUE((co_await elsewhere.result()).value());
    EXPECT_EQ(std::this_thread::get_id(), here);
    const auto number = co_await owned.result();
    log.push_back(std::to_string(**number));
    EXPECT_FALSE(owned);
    int calls = 0;
    auto counted = pool.start(self, [&calls] { ++calls; });
    const Result<void> nothing = co_await counted.result();
    log.push_back(nothing ? std::to_string(calls) : nothing.error().message());
    note((co_await counted.result()).error());
  });
  EXPECT_EQ(log, (Log{"42", "1", "wait for: closed"}));
}

TEST_P(PoolThreadAwaits, GiveAResultThatCameBefore) {
  WorkerPool one_after_the_other{WorkerPoolOptions(1)};
  run([&](Self& self) -> Task<> {
    auto first = one_after_the_other.start(self, [] { return std::string("early"); });
    auto second = one_after_the_other.start(self, [] {});
    EXPECT_TRUE(co_await second.result());
    EXPECT_FALSE(first) << "it has been told";
    log.push_back((co_await first.result()).value());
  });
  EXPECT_EQ(log, (Log{"early"}));
}

TEST_P(PoolThreadAwaits, TellWhatTheWorkThrew) {
  run([this](Self& self) -> Task<> {
    auto work = pool.start(self, "divide", []() -> int { throw std::runtime_error("by nothing"); });
    log.push_back((co_await work.result()).error().message());
  });
  ASSERT_EQ(log.size(), 1u);
  EXPECT_NE(log[0].find("\"divide\""), std::string::npos) << log[0];
  EXPECT_NE(log[0].find("by nothing"), std::string::npos) << log[0];
}

TEST_P(PoolThreadAwaits, MayWaitAgainAfterTheLimit) {
  std::binary_semaphore told{0};
  run([&](Self& self) -> Task<> {
    auto work = pool.start(self, [&] {
      told.acquire();
      return 7;
    });
    note((co_await work.result().within(20ms)).error());
    told.release();
    log.push_back(std::to_string((co_await work.result()).value()));
  });
  EXPECT_EQ(log, (Log{"wait for: timed_out", "7"}));
}

TEST_P(PoolThreadAwaits, AskTheWorkToStopWhenItIsDropped) {
  std::binary_semaphore begun{0};
  std::binary_semaphore stopped{0};
  run([&](Self& self) -> Task<> {
    auto work = pool.start(self, [&](const std::stop_token& stop) {
      begun.release();
      while (!stop.stop_requested()) std::this_thread::yield();
      stopped.release();
    });
    begun.acquire();
    note((co_await work.result().within(1ms)).error());
  });
  stopped.acquire();
  EXPECT_EQ(log, (Log{"wait for: timed_out"}));
}

TEST_P(PoolThreadAwaits, AreRefusedWhatAPoolRefuses) {
  pool.shutdown();
  run([this](Self& self) -> Task<> {
    auto work = pool.start(self, [] { return 1; });
    EXPECT_FALSE(work);
    note((co_await work.result()).error());
  });
  EXPECT_EQ(log, (Log{"run work: closed"}));
}

TEST_P(PoolThreadAwaits, AreForOneTaskAtATime) {
  std::binary_semaphore told{0};
  run([&](Self& self) -> Task<> {
    auto work = pool.start(self, [&] { told.acquire(); });
    Scope both(self);
    both.launch([](StartedWork<void>* one, Log* told_to) -> Task<> {
      EXPECT_TRUE(co_await one->result());
      told_to->push_back("first");
    }(&work, &log));
    note((co_await work.result()).error());
    told.release();
    static_cast<void>(co_await both.join());
  });
  EXPECT_EQ(log, (Log{"wait for: invalid_argument", "first"}));
}

TEST_P(PoolThreadAwaits, EndWithTheirSession) {
  std::binary_semaphore begun{0};
  bool asked_to_stop = false;
  run([&](Self& self) -> Task<> {
    self.defer([&] {
      begun.acquire();
      self.request_stop();
    });
    auto work = pool.start(self, [&](const std::stop_token& stop) {
      begun.release();
      while (!stop.stop_requested()) std::this_thread::yield();
      asked_to_stop = true;
    });
    note((co_await work.result()).error());
  });
  pool.shutdown();
  EXPECT_TRUE(asked_to_stop);
  EXPECT_EQ(log, (Log{"wait for: cancelled"}));
}

}  // namespace
}  // namespace poe::test
