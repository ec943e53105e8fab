// SPDX-License-Identifier: MIT
//
// co_await on a Run, what may happen inside its callbacks, and very many of them.
#include <sys/resource.h>
#include <unistd.h>

#include <stdexcept>

#include "poe/coroutine.hpp"
#include "poe/wheels/run_awaits.hpp"
#include "run_bench.hpp"

namespace poe::test {
namespace {

class RunAwait : public OnRealLoop {
 protected:
  void launch(Task<> (*task)(Self&, Log*)) {
    run_session([this, task](Patron& patron) { patron.launch(task(patron, &log)); });
  }
};
POE_ON_REAL_LOOPS(RunAwait);

RunOptions read_by_await(RunOptions options) {
  options.read_stdout = true;
  return options;
}

std::string told(const Result<ExitStatus>& status) {
  return status ? "exit " + std::to_string(status->code) : std::string(to_string(status.error().code()));
}

TEST_P(RunAwait, ReadsTheOutputAndWaitsForTheExit) {
  launch([](Self& self, Log* log) -> Task<> {
    RunWheel sort(self, read_by_await(RunOptions::shell("sort; exit 5")));
    sort.put("b");
    sort.put("a");
    sort.shutdown_stdin();
    while (auto line = co_await sort.read_stdout()) log->push_back(*line);
    log->push_back(told(co_await sort.exited()));
    log->push_back(told(co_await sort.exited()));
  });
  EXPECT_EQ(log, (Log{"a", "b", "exit 5", "exit 5"}));
}

TEST_P(RunAwait, ExitDoesNotWaitForAReaderAndNothingIsLost) {
  launch([](Self& self, Log* log) -> Task<> {
    RunWheel two(self, read_by_await(RunOptions::shell("echo one; echo two")));
    log->push_back(told(co_await two.exited()));
    while (auto line = co_await two.read_stdout()) log->push_back(*line);
  });
  EXPECT_EQ(log, (Log{"exit 0", "one", "two"}));
}

TEST_P(RunAwait, HighOutputDrainsAndIsFlushed) {
  launch([](Self& self, Log* log) -> Task<> {
    RunOptions options = RunOptions({"cat"});
    options.stdout_to = Redirect::null();
    RunWheel cat(self, std::move(options));
    for (int i = 0; i < 100; ++i) {
      const auto put = cat.put(std::string(50'000, 'x'));
      if (put && *put == Output::high) static_cast<void>(co_await cat.drained_stdin());
    }
    log->push_back(co_await cat.flushed_stdin() ? "flushed" : "failed");
    cat.shutdown_stdin();
    log->push_back(told(co_await cat.exited()));
  });
  EXPECT_EQ(log, (Log{"flushed", "exit 0"}));
}

TEST_P(RunAwait, FailsAsTheStartDidAndWhenTheWheelGoes) {
  launch([](Self& self, Log* log) -> Task<> {
    RunWheel missing(self, RunOptions({"no-such-program-for-poe"}));
    log->push_back(told(co_await missing.exited()));
    RunWheel gone(self, RunOptions({"cat"}));
    self.defer([&] { gone = RunWheel(); });
    log->push_back(told(co_await gone.exited()));
    log->push_back(told(co_await gone.exited()));
    const auto line = co_await gone.read_stdout();
    log->push_back(line ? *line : std::string(to_string(line.error().code())));
  });
  EXPECT_EQ(log, (Log{"system", "closed", "closed", "closed"}));
}

// ---- inside the callbacks

const Log kAll{"out line", "error out read 0", "close", "exit 0"};

class RunReplace : public testing::TestWithParam<std::tuple<std::string, std::string>>, protected RunRig {
 protected:
  RunReplace() : RunRig(std::get<0>(GetParam())) {}
  void play(std::function<void()> deed) {
    const std::string where = std::get<1>(GetParam());
    on_note = [where, deed](const std::string& what) {
      if (what == where) deed();
    };
    run(logging(RunOptions::shell("echo line")));
  }
  void TearDown() override { EXPECT_TRUE(nobody_is_left()) << "a child was not reaped"; }
  Log up_to_there() const { return {kAll.begin(), std::find(kAll.begin(), kAll.end(), std::get<1>(GetParam())) + 1}; }
};
INSTANTIATE_TEST_SUITE_P(, RunReplace, testing::Combine(testing::ValuesIn(real_loops()), testing::ValuesIn(kAll)),
                         [](const auto& info) {
                           std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param);
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST_P(RunReplace, ReplacingItsCallbacksInsideThemIsFine) {
  play([this] {
    wheel->on_stdout([](std::string_view) {});
    wheel->on_error([](ChildStream, const Error&) {});
    wheel->on_close(nullptr);
    wheel->on_exit(nullptr);
    wheel->set_stdout_filter(StreamFilter());
  });
  EXPECT_EQ(log, up_to_there());
}

TEST_P(RunReplace, StartingTheNextOneInItsPlaceIsFine) {
  play([this, next = false]() mutable {
    if (std::exchange(next, true)) return;
    ASSERT_TRUE(kernel.with<Patron>(
        id, [&](Patron& patron) { patron.wheel = RunWheel(patron, logging(RunOptions::shell("echo line"))); }));
  });
  Log expected = up_to_there();
  expected.insert(expected.end(), kAll.begin(), kAll.end());
  EXPECT_EQ(log, expected);
}

// ---- very many

class RunLoad : public OnRealLoop {};
POE_ON_REAL_LOOPS(RunLoad);

// Sanitizers make a fork some ten times as slow.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kInARow = 600;
#else
constexpr int kInARow = 3000;
#endif

TEST_P(RunLoad, ThousandsInARowLeaveNothingBehind) {
  int left = GetParam() == "epoll" ? kInARow : 300;
  std::size_t before = 0;
  int codes = 0;
  std::function<void(Patron&)> next = [&](Patron& patron) {
    if (codes == 1) before = open_descriptors();  // when the loop has made its own
    if (--left < 0) return;
    RunOptions options = left % 2 == 0 ? RunOptions({"/bin/true"}) : RunOptions::call([] { return 1; });
    options.on_stdout = [](std::string_view) {};
    options.on_exit = [&](const ExitStatus& status) {
      codes += status.code;
      next(patron);
    };
    const int expected = left;
    patron.wheel = RunWheel(patron, std::move(options));
    ASSERT_FALSE(patron.wheel.start_error()) << expected;
  };
  const int half = left / 2;
  run_session([&](Patron& patron) { next(patron); });
  EXPECT_EQ(codes, half);
  EXPECT_LE(open_descriptors(), before);
}

TEST_P(RunLoad, HundredsAtOnceAreToldOnceEachR76) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const int many = GetParam() == "epoll" && files.rlim_cur >= 4096 ? 1000 : 100;
  std::vector<RunWheel> wheels;
  std::vector<int> told(static_cast<std::size_t>(many));
  std::vector<std::string> heard(static_cast<std::size_t>(many));
  run_session([&](Patron& patron) {
    for (int i = 0; i < many; ++i) {
      RunOptions options = RunOptions::shell("echo " + std::to_string(i) + "; exit " + std::to_string(i % 200));
      const auto at = static_cast<std::size_t>(i);
      options.no_stdin = true;
      options.on_stdout = [&, at](std::string_view line) { heard[at] += line; };
      options.on_exit = [&, at, i](const ExitStatus& status) {
        EXPECT_EQ(status.code, i % 200);
        EXPECT_EQ(heard[at], std::to_string(i));
        ++told[at];
      };
      wheels.emplace_back(patron, std::move(options));
    }
  });
  EXPECT_EQ(std::count(told.begin(), told.end(), 1), many);
}

}  // namespace
}  // namespace poe::test
