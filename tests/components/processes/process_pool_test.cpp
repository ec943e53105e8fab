// SPDX-License-Identifier: MIT
//
// ProcessPool: answers in order, limits, ends of children that were not asked for, recycling, cancelling, the end.
#include "poe/components/process_pool.hpp"

#include <unistd.h>

#include <chrono>
#include <set>

#include "poe/components/process_pool_awaits.hpp"
#include "run_bench.hpp"

namespace poe::test {
namespace {

inline constexpr Event<ProcessPool::Answer> answered{"answered"};

/// Takes warnings instead of the terminal.
class KeptLines final : public LogSink {
 public:
  LogLevel threshold() const noexcept override { return LogLevel::warning; }
  void write(LogLevel, std::string_view line) noexcept override { lines.emplace_back(line); }
  Log lines;
};

/// The session: what a test wants done in it, it does in `begin`.
class Asker : public Session {
 public:
  using Begin = std::function<void(Asker&)>;
  Asker(Birth&& birth, Begin begin) : Session(std::move(birth)), begin_(std::move(begin)) {}
  static void handlers(Handlers<Asker>& table) { table.on(start, &Asker::begin).on(answered, &Asker::answer); }
  ProcessPool pool;
  std::vector<ProcessJob> jobs;
  Log heard;

 private:
  void begin() { begin_(*this); }
  void answer(const ProcessPool::Answer& told) {
    heard.push_back(told.value_or("error"));
    pool.shutdown();
  }
  Begin begin_;
};

class ProcessPoolTest : public testing::TestWithParam<std::string> {
 protected:
  ProcessPoolTest() : kernel(std::make_unique<OneLoop>(loop_plugin(GetParam()))) {}
  // The children of a session that has ended are the kernel's to reap.
  void TearDown() override {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!RunRig::nobody_is_left() && std::chrono::steady_clock::now() < limit) {
      ASSERT_TRUE(kernel.run_one_timeslice(2ms));
    }
    EXPECT_TRUE(RunRig::nobody_is_left()) << "a child was not reaped";
  }

  ProcessPoolOptions quiet(ProcessPoolOptions options) {
    options.log = &warnings;
    options.backoff.first = 1ms;
    options.backoff.cap = 10ms;
    return options;
  }
  ProcessPoolOptions cat(unsigned processes) { return quiet(ProcessPoolOptions({"cat"}, processes)); }
  ProcessPoolOptions shell(const std::string& line, unsigned processes) {
    return quiet(ProcessPoolOptions({"/bin/sh", "-c", line}, processes));
  }
  ProcessPoolOptions function(ProcessPoolOptions::Function f, unsigned processes) {
    return quiet(ProcessPoolOptions::call(std::move(f), processes));
  }
  /// Runs a session until nothing keeps it, which shows that the pool lets go.
  void run(ProcessPoolOptions options, const Asker::Begin& begin) {
    auto shared = std::make_shared<ProcessPoolOptions>(std::move(options));
    kernel.spawn<Asker>(Asker::Begin([=](Asker& asker) {
      asker.pool = ProcessPool(asker, std::move(*shared));
      begin(asker);
    }));
    const auto ran = kernel.run();
    ASSERT_TRUE(ran) << ran.error().report();
  }
  /// Asks; what comes goes to the log, and with the last of `expected` lines the pool is shut down.
  void ask(Asker& asker, const std::string& job, std::size_t expected) {
    auto asked = asker.pool.run(job, [this, &asker, expected](ProcessPool::Answer answer) {
      note(answer ? *answer : "error " + std::string(to_string(answer.error().code())));
      if (log.size() == expected) asker.pool.shutdown();
    });
    ASSERT_TRUE(asked) << asked.error().report();
    asker.jobs.push_back(std::move(*asked));
  }
  void note(std::string what) { log.push_back(std::move(what)); }

  KeptLines warnings;
  Log log;
  Kernel kernel;
};
POE_ON_REAL_LOOPS(ProcessPoolTest);

TEST_P(ProcessPoolTest, AnswersEachJobOnce) {
  run(cat(3), [&](Asker& asker) {
    EXPECT_EQ(asker.pool.pids().size(), 3U) << "warm before the first job";
    for (int i = 0; i < 200; ++i) ask(asker, "job " + std::to_string(i), 200);
  });
  EXPECT_EQ(std::set<std::string>(log.begin(), log.end()).size(), 200U);
  EXPECT_EQ(warnings.lines, Log{});
}

TEST_P(ProcessPoolTest, OneChildAnswersInOrderAlsoWithManyJobsAtATime) {
  ProcessPoolOptions options = cat(1);
  options.pipeline = 16;
  run(std::move(options), [&](Asker& asker) {
    for (int i = 0; i < 100; ++i) ask(asker, std::to_string(i), 100);
  });
  for (std::size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i], std::to_string(i));
}

TEST_P(ProcessPoolTest, AnswersAsAnEvent) {
  run(cat(1), [&](Asker& asker) {
    asker.jobs.push_back(std::move(*asker.pool.run("hello", answered)));
    note("asked");
  });
  EXPECT_EQ(log, Log{"asked"});
}

TEST_P(ProcessPoolTest, AnswersCoroutines) {
  kernel.spawn([this](Self& self) -> Task<> {
    ProcessPool pool(self, cat(2));
    for (const char* const word : {"one", "two"}) note((co_await pool.run(word)).value_or("error"));
  });
  ASSERT_TRUE(kernel.run());
  EXPECT_EQ(log, (Log{"one", "two"})) << "and the end of the pool was the end of its session";
}

TEST_P(ProcessPoolTest, CallsAFunctionWithAnyOctetsInAProcessOfItsOwn) {
  const auto here = ::getpid();
  const std::string octets("a\n\0b", 4);
  run(function(
          [here](std::string_view job) {
            std::puts("what it prints is no answer");
            return ::getpid() != here ? std::string(job.rbegin(), job.rend()) : "the same process";
          },
          1),
      [&](Asker& asker) { ask(asker, octets, 1); });
  EXPECT_EQ(log, Log{std::string("b\0\na", 4)});
}

TEST_P(ProcessPoolTest, WhatTheFunctionThrowsIsItsJobsErrorAlone) {
  run(function(
          [](std::string_view job) -> std::string {
            if (job == "bad") throw std::runtime_error("no such thing");
            return std::string(job);
          },
          1),
      [&](Asker& asker) {
        ask(asker, "bad", 2);
        ask(asker, "good", 2);
      });
  EXPECT_EQ(log, (Log{"error exception", "good"}));
  EXPECT_EQ(warnings.lines, Log{}) << "the child lives on";
}

TEST_P(ProcessPoolTest, ACrashCostsItsJobAndAFreshChildDoesTheRest) {
  run(shell("while read -r x; do [ \"$x\" = die ] && kill -9 $$; echo \"$x\"; done", 1), [&](Asker& asker) {
    for (const char* const job : {"a", "die", "b"}) ask(asker, job, 3);
  });
  EXPECT_EQ(log, (Log{"a", "error closed", "b"}));
  ASSERT_EQ(warnings.lines.size(), 1U);
  EXPECT_NE(warnings.lines[0].find("signal 9"), std::string::npos) << warnings.lines[0];
}

TEST_P(ProcessPoolTest, AJobThatTakesTooLongIsKilledAndTheNextGetsAFreshChild) {
  ProcessPoolOptions options = shell("while read -r x; do [ \"$x\" = slow ] && exec sleep 1000; echo \"$x\"; done", 1);
  options.job_limit = 100ms;
  run(std::move(options), [&](Asker& asker) {
    ask(asker, "slow", 2);
    ask(asker, "b", 2);
  });
  EXPECT_EQ(log, (Log{"error timed_out", "b"}));
}

TEST_P(ProcessPoolTest, RecyclesAChildAfterSoManyJobs) {
  ProcessPoolOptions options = shell("while read -r x; do echo $$; done", 1);
  options.max_jobs = 2;
  run(std::move(options), [&](Asker& asker) {
    for (int i = 0; i < 6; ++i) ask(asker, "pid", 6);
  });
  ASSERT_EQ(log.size(), 6U);
  EXPECT_EQ(std::set<std::string>(log.begin(), log.end()).size(), 3U);
  EXPECT_EQ(log[0], log[1]);
  EXPECT_EQ(warnings.lines, Log{});
}

TEST_P(ProcessPoolTest, RefusesWhatIsOverTheLimits) {
  ProcessPoolOptions options = cat(1);
  options.queue_limit = 2;
  options.max_job = 10;
  run(std::move(options), [&](Asker& asker) {
    const auto nothing = [](ProcessPool::Answer) {};
    auto large = asker.pool.run(std::string(11, 'x'), nothing);
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code(), Errc::limit);
    ask(asker, "a", 2);
    ask(asker, "b\nb", 2);  // two records would be two answers
    EXPECT_EQ(asker.pool.waiting(), 2U);
    auto third = asker.pool.run("c", nothing);
    ASSERT_FALSE(third);
    EXPECT_NE(third.error().message().find("2 jobs wait already"), std::string::npos) << third.error().message();
  });
  EXPECT_EQ(log, (Log{"a", "error invalid_argument"}));
}

TEST_P(ProcessPoolTest, ACancelledJobIsNotSentAndOneUnderWayIsKilled) {
  run(shell("while read -r x; do [ \"$x\" = slow ] && exec sleep 1000; echo \"$x\"; done", 1), [&](Asker& asker) {
    ask(asker, "slow", 1);
    ask(asker, "never", 1);
    asker.jobs[1].cancel();
    EXPECT_EQ(asker.pool.waiting(), 1U);
    ask(asker, "b", 1);
    asker.defer([&asker] {
      asker.defer([&asker] {
        EXPECT_EQ(asker.pool.busy(), 1U);
        asker.jobs[0] = ProcessJob();
      });
    });
  });
  EXPECT_EQ(log, Log{"b"});
}

TEST_P(ProcessPoolTest, DrainsGracefully) {
  ProcessPoolOptions options = cat(2);
  options.on_ended = [&] { note("ended"); };
  run(std::move(options), [&](Asker& asker) {
    for (int i = 0; i < 5; ++i) ask(asker, "x", 99);
    asker.pool.drain();
    EXPECT_EQ(asker.pool.run("y", [](ProcessPool::Answer) {}).error().code(), Errc::closed);
  });
  EXPECT_EQ(log, (Log{"x", "x", "x", "x", "x", "ended"}));
}

TEST_P(ProcessPoolTest, DrainingReplacesChildrenWhileJobsWait) {
  ProcessPoolOptions options = cat(1);
  options.max_jobs = 1;
  options.on_ended = [&] { note("ended"); };
  run(std::move(options), [&](Asker& asker) {
    for (const char* const job : {"a", "b", "c"}) ask(asker, job, 99);
    asker.pool.drain();
  });
  EXPECT_EQ(log, (Log{"a", "b", "c", "ended"}));
}

TEST_P(ProcessPoolTest, DrainingGoesOnBehindAJobThatTookTooLong) {
  ProcessPoolOptions options = shell("while read -r x; do [ \"$x\" = slow ] && exec sleep 1000; echo \"$x\"; done", 1);
  options.job_limit = 100ms;
  options.on_ended = [&] { note("ended"); };
  run(std::move(options), [&](Asker& asker) {
    ask(asker, "slow", 99);
    ask(asker, "b", 99);
    asker.pool.drain();
  });
  EXPECT_EQ(log, (Log{"error timed_out", "b", "ended"}));
}

TEST_P(ProcessPoolTest, DrainingGoesOnBehindAJobThatWasCancelled) {
  ProcessPoolOptions options = shell("while read -r x; do [ \"$x\" = slow ] && exec sleep 1000; echo \"$x\"; done", 1);
  options.on_ended = [&] { note("ended"); };
  run(std::move(options), [&](Asker& asker) {
    ask(asker, "slow", 99);
    ask(asker, "b", 99);
    asker.pool.drain();
    asker.defer([&asker] {
      asker.defer([&asker] {
        EXPECT_EQ(asker.pool.busy(), 1U);
        asker.jobs[0].cancel();
      });
    });
  });
  EXPECT_EQ(log, (Log{"b", "ended"}));
}

TEST_P(ProcessPoolTest, ShutdownTellsThoseWhoWait) {
  ProcessPoolOptions options = shell("exec sleep 1000", 1);
  options.stop_limit = 50ms;
  options.on_ended = [&] { note("ended"); };
  run(std::move(options), [&](Asker& asker) {
    ask(asker, "a", 99);
    ask(asker, "b", 99);
    asker.pool.shutdown();
    EXPECT_EQ(log, Log{}) << "not from inside";
  });
  EXPECT_EQ(log, (Log{"error cancelled", "error cancelled", "ended"}));
}

TEST_P(ProcessPoolTest, AProgramThatCannotBeStartedFailsTheJobs) {
  run(quiet(ProcessPoolOptions({"/nonexistent/program"}, 2)), [&](Asker& asker) { ask(asker, "a", 1); });
  EXPECT_EQ(log, Log{"error system"});
  EXPECT_NE(warnings.lines.at(0).find("/nonexistent/program"), std::string::npos) << warnings.lines[0];
}

TEST_P(ProcessPoolTest, AChildThatSpeaksUnaskedIsReplaced) {
  ProcessPoolOptions options = shell("[ \"$FIRST\" ] && echo hello; exec cat", 1);
  Asker* who = nullptr;
  options.prepare = [&](RunOptions& one) {
    if (who != nullptr) return who->defer([&] { ask(*who, "x", 1); });
    one.environment["FIRST"] = "yes";
  };
  run(std::move(options), [&](Asker& asker) { who = &asker; });
  EXPECT_EQ(log, Log{"x"});
  ASSERT_EQ(warnings.lines.size(), 1U);
  EXPECT_NE(warnings.lines[0].find("nobody had asked for"), std::string::npos) << warnings.lines[0];
}

TEST_P(ProcessPoolTest, AChildThatClosedItsOutputGetsNoMoreJobsAndIsReplaced) {
  ProcessPoolOptions options = shell("[ \"$FIRST\" ] && { read -r x; exec >&-; exec sleep 1000; }; exec cat", 1);
  options.stop_limit = 50ms;
  bool first = true;
  options.prepare = [&](RunOptions& one) {
    if (std::exchange(first, false)) one.environment["FIRST"] = "yes";
  };
  run(std::move(options), [&](Asker& asker) {
    ask(asker, "lost", 2);
    ask(asker, "b", 2);
  });
  EXPECT_EQ(log, (Log{"error closed", "b"}));
}

TEST_P(ProcessPoolTest, AChildThatClosedItsInputGetsNoMoreJobsAndIsReplaced) {
  ProcessPoolOptions options =
      shell("[ \"$FIRST\" ] && { read -r x; exec <&-; echo \"$x\"; exec sleep 1000; }; exec cat", 1);
  options.stop_limit = 50ms;
  bool first = true;
  options.prepare = [&](RunOptions& one) {
    if (std::exchange(first, false)) one.environment["FIRST"] = "yes";
  };
  run(std::move(options), [&](Asker& asker) {
    for (const char* const job : {"a", "lost", "b"}) ask(asker, job, 3);
  });
  EXPECT_EQ(log, (Log{"a", "error closed", "b"}));
}

TEST_P(ProcessPoolTest, MayBeDroppedWhileAChildIsPrepared) {
  ProcessPoolOptions options = shell("exit 1", 2);
  Asker* who = nullptr;
  options.prepare = [&](RunOptions&) {
    if (who == nullptr) return;
    note("dropped");
    who->pool = ProcessPool();
  };
  run(std::move(options), [&](Asker& asker) { who = &asker; });
  EXPECT_EQ(log, Log{"dropped"});
}

TEST_P(ProcessPoolTest, MayBeDroppedInsideAnAnswer) {
  run(cat(2), [&](Asker& asker) {
    for (int i = 0; i < 3; ++i) {
      asker.jobs.push_back(std::move(*asker.pool.run("x", [&](ProcessPool::Answer) {
        note("x");
        asker.pool = ProcessPool();
      })));
    }
  });
  EXPECT_EQ(log, Log{"x"});
}

TEST(ProcessPoolAloneTest, WantsAProgramOrAFunction) {
  Kernel kernel(std::make_unique<OneLoop>(loop_plugin(real_loops().front())));
  kernel.spawn<Asker>(Asker::Begin([](Asker& asker) {
    EXPECT_THROW(ProcessPool(asker, ProcessPoolOptions(std::vector<std::string>())), std::invalid_argument);
  }));
  ASSERT_TRUE(kernel.run());
}

}  // namespace
}  // namespace poe::test
