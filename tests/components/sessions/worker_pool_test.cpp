// SPDX-License-Identifier: MIT
//
// Worker pools: results, errors, limits, cancellation and the end. Run under TSan as well; every name here contains
// "Thread".
#include "poe/components/worker_pool.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <semaphore>
#include <thread>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

inline constexpr Event<Result<int>> counted{"counted"};

/// As KeptLog, for any thread.
class SharedLog final : public LogSink {
 public:
  void write(LogLevel, std::string_view line) noexcept override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
    lines_.size() == 1 ? first_.count_down() : void();
  }
  /// Waits for the first line.
  std::string first() {
    first_.wait();
    const std::lock_guard lock(mutex_);
    return lines_.front();
  }

 private:
  std::mutex mutex_;
  Log lines_;
  std::latch first_{1};
};

class PoolThreads : public OnEveryLoop {
 protected:
  /// Runs `work` in a session of its own until nothing is left.
  template <class F>
  void in_session(F work) {
    kernel.spawn(actor().on(start, [work](auto&, Self& self) mutable { work(self); }));
    EXPECT_TRUE(succeeded(kernel.run()));
  }
  Work keep(Result<Work> work) {
    EXPECT_TRUE(succeeded(work));
    return work ? std::move(*work) : Work();
  }
  WorkerPoolOptions few(unsigned threads, std::size_t queue = 256) {
    WorkerPoolOptions options(threads);
    options.queue_limit = queue;
    return options;
  }
};
POE_ON_EVERY_LOOP(PoolThreads);

TEST_P(PoolThreads, GiveTheResultBackOnTheLoopsThread) {
  WorkerPool pool;
  Work work;
  const auto here = std::this_thread::get_id();
  int got = 0;
  in_session([&](Self& self) {
    work = keep(pool.run(
        self, [here] { return std::this_thread::get_id() != here ? 42 : 0; },
        [&, id = self.id()](Result<int> result) {
          EXPECT_EQ(std::this_thread::get_id(), here);
          EXPECT_EQ(kernel.current(), id);
          EXPECT_FALSE(work);
          got = *result;
        }));
    EXPECT_TRUE(work);
  });
  EXPECT_EQ(got, 42);
}

TEST_P(PoolThreads, GiveTheResultBackAsAnEvent) {
  WorkerPool pool(few(1));
  Work work;
  int got = 0;
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         work = keep(pool.run(
                             self, [] { return 7; }, counted));
                       })
                   .on(counted, [&](auto&, Self&, Result<int> result) { got = *result; }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(got, 7);
}

TEST_P(PoolThreads, TakeWorkWithoutResultAndResultsThatOnlyMove) {
  WorkerPool pool;
  Work first, second;
  int done = 0;
  in_session([&](Self& self) {
    first = keep(pool.run(
        self, [] {}, [&](Result<void> result) { done += result ? 1 : 0; }));
    second = keep(pool.run(
        self, [p = std::make_unique<int>(5)]() mutable { return std::move(p); },
        [&](Result<std::unique_ptr<int>> result) { done += **result; }));
  });
  EXPECT_EQ(done, 6);
}

TEST_P(PoolThreads, TellWhatTheWorkThrewAsAnError) {
  WorkerPool pool;
  Work work;
  std::string why;
  in_session([&](Self& self) {
    work = keep(pool.run(
        self, "parse", []() -> int { throw std::runtime_error("no such thing"); },
        [&](Result<int> result) {
          ASSERT_FALSE(result);
          EXPECT_EQ(result.error().code(), Errc::exception);
          EXPECT_THROW(std::rethrow_exception(result.error().exception()), std::runtime_error);
          why = result.error().message();
        }));
  });
  EXPECT_NE(why.find("\"parse\""), std::string::npos) << why;
  EXPECT_NE(why.find("no such thing"), std::string::npos) << why;
}

TEST_P(PoolThreads, DoAThousandJobsEachOnce) {
  WorkerPool pool(few(4, 1000));
  std::vector<Work> works;
  std::atomic<int> ran{0};
  int sum = 0;
  in_session([&](Self& self) {
    for (int i = 1; i <= 1000; ++i) {
      works.push_back(keep(pool.run(
          self,
          [&ran, i] {
            ++ran;
            return i;
          },
          [&](Result<int> result) { sum += *result; })));
    }
  });
  EXPECT_EQ(ran, 1000);
  EXPECT_EQ(sum, 500500);
  EXPECT_EQ(pool.waiting(), 0u);
}

TEST_P(PoolThreads, RefuseMoreThanTheQueueTakes) {
  std::binary_semaphore gate{0}, inside{0};
  WorkerPool pool(few(1, 2));
  std::vector<Work> works;
  int done = 0;
  in_session([&](Self& self) {
    const auto count = [&](Result<void>) { ++done; };
    works.push_back(keep(pool.run(
        self,
        [&] {
          inside.release();
          gate.acquire();
        },
        count)));
    inside.acquire();  // the thread has it
    EXPECT_EQ(pool.busy(), 1u);
    for (int i = 0; i < 2; ++i)
      works.push_back(keep(pool.run(
          self, [] {}, count)));
    EXPECT_EQ(pool.waiting(), 2u);
    const auto refused = pool.run(
        self, "one too many", [] {}, count);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::limit);
    EXPECT_NE(refused.error().message().find("\"one too many\": 2 jobs wait already"), std::string::npos)
        << refused.error().message();
    works.back().cancel();  // makes room
    works.push_back(keep(pool.run(
        self, [] {}, count)));
    gate.release();
  });
  EXPECT_EQ(done, 3);
}

TEST_P(PoolThreads, CancelledWorkIsNotBegunAndItsResultNotTold) {
  std::binary_semaphore gate{0}, inside{0};
  WorkerPool pool(few(1));
  std::atomic<bool> begun{false};
  Work blocked, waits, under_way;
  bool told = false;
  in_session([&](Self& self) {
    under_way = keep(pool.run(
        self,
        [&](std::stop_token stop) {
          inside.release();
          gate.acquire();
          EXPECT_TRUE(stop.stop_requested());
        },
        [&](Result<void>) { told = true; }));
    waits = keep(pool.run(
        self, [&] { begun = true; }, [&](Result<void>) { told = true; }));
    inside.acquire();
    waits.cancel();
    under_way.cancel();
    gate.release();
  });
  pool.shutdown();
  EXPECT_FALSE(begun);
  EXPECT_FALSE(told);
}

TEST_P(PoolThreads, WorkEndsWithTheSessionThatKeepsIt) {
  std::binary_semaphore gate{0};
  WorkerPool pool(few(1));
  bool told = false;
  kernel.spawn(Inline(Work()).on(start, [&](Work& work, Self& self) {
    work = keep(pool.run(
        self,
        [&](std::stop_token stop) {
          const std::stop_callback open(stop, [&] { gate.release(); });
          gate.acquire();  // nobody else opens it
        },
        [&](Result<void>) { told = true; }));
    self.request_stop();
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  pool.shutdown();
  EXPECT_FALSE(told);
}

TEST_P(PoolThreads, EndWithAWordToThoseWhoWait) {
  std::binary_semaphore gate{0}, inside{0};
  WorkerPool pool(few(1));
  Work blocked, waits;
  std::vector<std::string> ends;
  in_session([&](Self& self) {
    blocked = keep(pool.run(
        self,
        [&](std::stop_token stop) {
          inside.release();
          const std::stop_callback open(stop, [&] { gate.release(); });
          gate.acquire();
          return 1;
        },
        [&](Result<int> result) { ends.push_back(std::to_string(*result)); }));
    waits = keep(pool.run(
        self, [] { return 2; }, [&](Result<int> result) { ends.emplace_back(to_string(result.error().code())); }));
    inside.acquire();
    pool.shutdown();
    const auto refused = pool.run(
        self, [] {}, [](Result<void>) {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::closed);
  });
  std::sort(ends.begin(), ends.end());
  EXPECT_EQ(ends, (std::vector<std::string>{"1", "cancelled"}));
}

TEST_P(PoolThreads, AKernelThatIsGoneMissesNothing) {
  std::binary_semaphore gate{0};
  WorkerPool pool(few(1));
  Work work;
  {
    Kernel brief = open_on(GetParam());
    brief.spawn(actor().on(start, [&](auto&, Self& self) {
      work = keep(pool.run(
          self,
          [&] {
            gate.acquire();
            return std::string(1000, 'x');
          },
          [](Result<std::string>) { FAIL(); }));
    }));
  }
  gate.release();
  pool.shutdown();
}

// ---- the loop does not matter

TEST(PoolThreadsAlone, AStuckJobIsNamedAtTheEnd) {
  SharedLog log;
  std::binary_semaphore gate{0}, inside{0};
  WorkerPoolOptions options(2);
  options.log = &log;
  options.stuck_after = 1ms;
  WorkerPool pool(options);
  Kernel kernel = open_on("sim");
  Work work;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    work = std::move(*pool.run(
        self, "dig a tunnel",
        [&] {
          inside.release();
          gate.acquire();
        },
        [](Result<void>) {}));
  }));
  inside.acquire();
  std::jthread ends([&] { pool.shutdown(); });
  EXPECT_NE(log.first().find("waits for job \"dig a tunnel\""), std::string::npos) << log.first();
  gate.release();
}

TEST(PoolThreadsAlone, SeveralKernelsShareOnePool) {
  WorkerPool pool;
  std::atomic<int> sum{0};
  const auto run_one = [&](int number) {
    Kernel kernel = open_on(real_loops().front());
    std::vector<Work> works;
    kernel.spawn(actor().on(start, [&](auto&, Self& self) {
      for (int i = 0; i < 50; ++i) {
        works.push_back(std::move(*pool.run(
            self, [number] { return number; }, [&](Result<int> result) { sum += *result; })));
      }
    }));
    EXPECT_TRUE(succeeded(kernel.run()));
  };
  {
    std::vector<std::jthread> threads;
    for (int number = 1; number <= 3; ++number) threads.emplace_back(run_one, number);
  }
  EXPECT_EQ(sum, 300);
}

TEST(PoolThreadsAlone, SignalsGoToTheProgramsOwnThreads) {
  WorkerPool pool;
  Kernel kernel = open_on(real_loops().front());
  Work work;
  bool blocked = false;
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    work = std::move(*pool.run(
        self,
        [] {
          sigset_t mask;
          ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
          return ::sigismember(&mask, SIGINT) == 1 && ::sigismember(&mask, SIGTERM) == 1;
        },
        [&](Result<bool> result) { blocked = *result; }));
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_TRUE(blocked);
}

TEST(PoolThreadsAlone, TheChildOfAForkDropsThePoolUnharmed) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "TSan does not follow a fork of a program with threads";
#endif
  auto pool = std::make_unique<WorkerPool>();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    pool.reset();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace poe::test
