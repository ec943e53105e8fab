// SPDX-License-Identifier: MIT
//
// The inner set: from KernelOptions::inner_set descriptors on, a loop that pays for each of them watches one. What it
// must not change is tested by the whole suite with POE_INNER_SET=1 (see CMakeLists.txt); here is what it adds.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "kernel_lab.hpp"

namespace poe::test {
namespace {

constexpr unsigned kFrom = 8;  // descriptors

std::vector<std::string> slow_loops() {
  auto names = real_loops();
  std::erase_if(names, [](const std::string& name) {
    return name != "select" && name != "poll" && name != "glib" && name != "qt";
  });
  return names;
}

KernelOptions from(unsigned descriptors) {
  KernelOptions options;
  options.inner_set = descriptors;
  return options;
}

class InnerSets : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
#ifdef POE_PORTABLE
    GTEST_SKIP() << "this build has no epoll";
#endif
  }
  void TearDown() override { kernel.stop(); }

  /// A pipe that is watched; what is read from it is counted. On a session that stays.
  struct Watched {
    Pair pipe;
    Watch watch{};
    int told = 0;
  };
  Watched& add_pipe() {
    Watched& one = *pipes.emplace_back(std::make_unique<Watched>());
    one.pipe = pipe_pair(kernel);
    as_session([&](Self& self) {
      auto made = self.watch(one.pipe.here.get(), POE_READ, [&](std::uint32_t) {
        ++one.told;
        static_cast<void>(read_text(one.pipe.here));
      });
      ASSERT_TRUE(succeeded(made));
      one.watch = std::move(*made);
    });
    return one;
  }
  void add_pipes(unsigned count) {
    for (unsigned i = 0; i < count; ++i) add_pipe();
  }
  void as_session(Fn<void(Self&)> work) {
    if (!kernel.alive(session)) {
      session = kernel.spawn(actor()
                                 .on(start, [&](auto&, Self& self) { pin = self.keep_alive("test"); })
                                 .on(run_it, [](auto&, Self& self, Fn<void(Self&)> f) { f(self); }));
    }
    ASSERT_TRUE(succeeded(kernel.call(session, run_it, std::move(work))));
  }
  template <class P>
  bool slices_until(P condition) {
    for (int slice = 0; slice < 2000 && !condition(); ++slice) static_cast<void>(kernel.run_one_timeslice(1ms));
    return condition();
  }
  /// Each pipe gets a byte, and each watch is told of it, once.
  void expect_all_told() {
    std::map<Watched*, int> before;
    for (const auto& one : pipes) before[one.get()] = one->told;
    for (const auto& one : pipes) write_text(one->pipe.there, "x");
    EXPECT_TRUE(slices_until([&] {
      return std::all_of(pipes.begin(), pipes.end(), [&](const auto& one) { return one->told > before[one.get()]; });
    }));
    static_cast<void>(kernel.run_one_timeslice(0ns));
    for (const auto& one : pipes) EXPECT_EQ(one->told, before[one.get()] + 1);
  }
  bool in_inner_set() const { return kernel.why_this_loop().find("an inner epoll set with all") != std::string::npos; }

  static constexpr Event<Fn<void(Self&)>> run_it{"run_it"};
  Kernel kernel = open_on(GetParam(), from(kFrom));
  std::vector<std::unique_ptr<Watched>> pipes;
  SessionId session;
  KeepAlive pin;
};
INSTANTIATE_TEST_SUITE_P(Loops, InnerSets, ::testing::ValuesIn(slow_loops()), loop_of);

TEST_P(InnerSets, AFewDescriptorsStayWithTheLoopManyMoveOver) {
  add_pipes(kFrom - 1);
  EXPECT_FALSE(in_inner_set()) << kernel.why_this_loop();
  expect_all_told();
  add_pipes(1);
  EXPECT_TRUE(in_inner_set()) << kernel.why_this_loop();
  expect_all_told();
  add_pipes(300);  // more than one look takes
  expect_all_told();
  pipes.erase(pipes.begin() + 3, pipes.end());
  EXPECT_TRUE(in_inner_set());  // once and for all
  expect_all_told();
}

TEST_P(InnerSets, MovingOverInsideACallbackLosesNothing) {
  add_pipes(kFrom - 2);
  Watch first;
  Pair trigger = pipe_pair(kernel);
  as_session([&](Self& self) {
    first = *self.watch(trigger.here.get(), POE_READ, [&](std::uint32_t) {
      first.cancel();
      add_pipes(kFrom);
    });
  });
  pipes[0]->watch.pause(POE_READ);
  write_text(trigger.there, "x");
  for (const auto& one : pipes) write_text(one->pipe.there, "x");
  EXPECT_TRUE(slices_until([&] { return pipes.size() > kFrom && pipes[1]->told == 1; }));
  EXPECT_TRUE(in_inner_set());
  static_cast<void>(kernel.run_one_timeslice(0ns));
  EXPECT_EQ(pipes[0]->told, 0);  // paused on the loop, paused in the set
  pipes[0]->watch.resume(POE_READ);
  EXPECT_TRUE(slices_until([&] { return pipes[0]->told == 1; }));
  expect_all_told();
}

TEST_P(InnerSets, WhatEpollRefusesStaysWithTheLoopP103) {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  Watch watch;
  int told = 0;
  as_session([&](Self& self) { watch = *self.watch(null.get(), POE_WRITE, [&](std::uint32_t) { ++told; }); });
  add_pipes(kFrom);
  ASSERT_TRUE(in_inner_set());
  EXPECT_TRUE(slices_until([&] { return told > 10; }));
  expect_all_told();
  watch.pause(POE_WRITE);
  static_cast<void>(kernel.run_one_timeslice(0ns));
  const int before = told;
  static_cast<void>(kernel.run_one_timeslice(1ms));
  EXPECT_EQ(told, before);
  watch.resume(POE_WRITE);
  EXPECT_TRUE(slices_until([&] { return told > before; }));
}

TEST_P(InnerSets, ClosedBeforeForgottenWhileADuplicateLivesDoesNotSpin) {
  add_pipes(kFrom);
  ASSERT_TRUE(in_inner_set());
  const Fd duplicate(::fcntl(pipes[0]->pipe.here.get(), F_DUPFD_CLOEXEC, 0));
  ASSERT_TRUE(duplicate);
  write_text(pipes[0]->pipe.there, "x");
  pipes[0]->pipe.here.reset();
  pipes[0]->watch.cancel();
  for (int slice = 0; slice < 3; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  const auto reports = kernel.counts().reports;
  const auto turns = kernel.counts().turns;
  for (int slice = 0; slice < 5; ++slice) static_cast<void>(kernel.run_one_timeslice(1ms));
  EXPECT_EQ(kernel.counts().reports, reports);
  EXPECT_LE(kernel.counts().turns, turns + 5);
  pipes.erase(pipes.begin());
  EXPECT_TRUE(in_inner_set());
  expect_all_told();
}

// What the watch of this number is told of afterwards is the file that came into its place.
TEST_P(InnerSets, ReplacedUnderItsNumberWhileTheOldFileLivesDoesNotSpin) {
  add_pipes(kFrom);
  ASSERT_TRUE(in_inner_set());
  const auto replace = [&](Watched& one, const Pair& by) {
    write_text(one.pipe.there, "x");
    const int number = one.pipe.here.get();
    Fd old(::fcntl(number, F_DUPFD_CLOEXEC, 0));
    EXPECT_EQ(::dup3(by.here.get(), number, O_CLOEXEC), number);
    return old;
  };
  const auto expect_told_of = [&](Watched& one, const Pair& by) {
    for (int slice = 0; slice < 3; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
    EXPECT_EQ(one.told, 0);
    const auto reports = kernel.counts().reports;
    const auto turns = kernel.counts().turns;
    for (int slice = 0; slice < 5; ++slice) static_cast<void>(kernel.run_one_timeslice(1ms));
    EXPECT_EQ(kernel.counts().reports, reports);
    EXPECT_LE(kernel.counts().turns, turns + 5);
    write_text(by.there, "x");
    EXPECT_TRUE(slices_until([&] { return one.told == 1; }));
  };
  const Pair first = pipe_pair(kernel), second = pipe_pair(kernel);
  const Fd first_old = replace(*pipes[0], first);
  pipes[0]->watch.pause(POE_READ);
  pipes[0]->watch.resume(POE_READ);
  expect_told_of(*pipes[0], first);
  const Fd second_old = replace(*pipes[1], second);
  Watch writes;
  as_session([&](Self& self) { writes = *self.watch(pipes[1]->pipe.here.get(), POE_WRITE, [](std::uint32_t) {}); });
  expect_told_of(*pipes[1], second);
  pipes.erase(pipes.begin(), pipes.begin() + 2);
  EXPECT_TRUE(in_inner_set());
  expect_all_told();
}

TEST_P(InnerSets, ReplacedByWhatEpollRefusesDoesNotSpin) {
  add_pipes(kFrom);
  Watched& one = *pipes[0];
  const Fd old(::fcntl(one.pipe.here.get(), F_DUPFD_CLOEXEC, 0));
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  write_text(one.pipe.there, "x");
  ASSERT_EQ(::dup3(null.get(), one.pipe.here.get(), O_CLOEXEC), one.pipe.here.get());
  Watch writes;
  as_session([&](Self& self) { writes = *self.watch(one.pipe.here.get(), POE_WRITE, [](std::uint32_t) {}); });
  one.watch.cancel();
  writes.pause(POE_WRITE);
  for (int slice = 0; slice < 3; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
  const auto reports = kernel.counts().reports;
  for (int slice = 0; slice < 5; ++slice) static_cast<void>(kernel.run_one_timeslice(1ms));
  EXPECT_EQ(kernel.counts().reports, reports);
}

// /dev/null, which epoll refuses and the loop finds ready in each of its rounds, tells how many of them there were.
TEST_P(InnerSets, TheKernelLooksByItselfUntilTheBudgetOfATurnIsUsedUp) {
  constexpr int kHands = 1000, kEvents = 10;
  KernelOptions options = from(1);
  options.budget = {kEvents, 1h};
  kernel = open_on(GetParam(), options);
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  Pair ring[2] = {pipe_pair(kernel), pipe_pair(kernel)};
  Watch watches[2], each_round;
  int hands = 0, rounds = 0;
  const auto take = [&](int from) {
    static_cast<void>(read_text(ring[from].here));
    if (++hands < kHands) return write_text(ring[1 - from].there, "x");
    watches[0].cancel();
    watches[1].cancel();
    each_round.cancel();
  };
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    each_round = *self.watch(null.get(), POE_WRITE, [&](std::uint32_t) { ++rounds; });
    for (int i : {0, 1}) watches[i] = *self.watch(ring[i].here.get(), POE_READ, [&take, i](std::uint32_t) { take(i); });
    write_text(ring[0].there, "x");
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(hands, kHands);
  EXPECT_GE(kernel.counts().turns, static_cast<std::uint64_t>(kHands));
  EXPECT_GE(rounds, kHands / (3 * kEvents)) << "the loop was kept waiting";  // Qt gives two turns a round
  EXPECT_LE(rounds, 2 * kHands / kEvents) << "each byte took a round of the loop";
}

TEST_P(InnerSets, AForkedChildLeavesTheParentsSetAloneAndMakesItsOwnP095) {
  add_pipes(kFrom);
  ASSERT_TRUE(in_inner_set());
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    pipes.clear();  // would take them out of the parent's set as well
    if (!kernel.has_forked() || in_inner_set()) ::_exit(1);
    add_pipes(kFrom);
    if (!in_inner_set()) ::_exit(2);
    expect_all_told();
    ::_exit(HasFailure() ? 3 : 0);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(in_inner_set());
  expect_all_told();
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST_P(InnerSets, GoWithTheirKernel) {
  add_pipes(kFrom);
  ASSERT_TRUE(in_inner_set());
  const std::size_t before = open_descriptors();
  {
    Kernel other = open_on(GetParam(), from(1));
    Watch watch;
    other.spawn(actor().on(start, [&](auto&, Self& self) {
      watch = *self.watch(pipes[0]->pipe.here.get(), POE_READ, [](std::uint32_t) {});
    }));
    EXPECT_NE(other.why_this_loop().find("an inner epoll set with all"), std::string::npos);
    EXPECT_GT(open_descriptors(), before);
    other.stop();
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(InnerSets, WithoutAFreeDescriptorTheLoopKeepsItsWatches) {
  KeptLog log;
  KernelOptions options = from(kFrom);
  options.log = &log;
  kernel = open_on(GetParam(), options);
  add_pipes(kFrom - 1);
  Pair last = pipe_pair(kernel);
  Watch watch;
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{static_cast<rlim_t>(last.there.get()) + 1, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  as_session([&](Self& self) { watch = *self.watch(last.here.get(), POE_READ, [](std::uint32_t) {}); });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_FALSE(in_inner_set());
  ASSERT_EQ(log.lines.size(), 1u);
  EXPECT_NE(log.lines[0].find("epoll set"), std::string::npos) << log.lines[0];
  watch.cancel();
  expect_all_told();
  kernel.stop();  // before the log goes
  kernel = open_on(GetParam());
}

TEST(InnerSet, IsNotForLoopsThatScale) {
  for (const std::string loop : {"epoll", "uv", "event", "sim"}) {
    const auto loops = all_loops();
    if (std::find(loops.begin(), loops.end(), loop) == loops.end()) continue;
    Kernel kernel = open_on(loop, from(1));
    Pair pair = pipe_pair(kernel);
    Watch watch;
    kernel.spawn(actor().on(
        start, [&](auto&, Self& self) { watch = *self.watch(pair.here.get(), POE_READ, [](std::uint32_t) {}); }));
    EXPECT_EQ(kernel.why_this_loop().find("inner epoll set"), std::string::npos) << kernel.why_this_loop();
    kernel.stop();
  }
}

TEST(InnerSet, TheEnvironmentDecidesOrIsRefusedWithAReason) {
  const auto with = [](const char* value, unsigned programs) {
    ::setenv("POE_INNER_SET", value, 1);
    OpenOptions how;
    how.loop = "poll";
    how.kernel = from(programs);
    auto kernel = open_kernel(how);
    ::unsetenv("POE_INNER_SET");
    return kernel;
  };
  const auto wrong = with("some", 1);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), Errc::invalid_argument);
  EXPECT_NE(wrong.error().message().find("POE_INNER_SET"), std::string::npos) << wrong.error().message();
  auto never = with("0", 1);
  ASSERT_TRUE(never);
  ASSERT_TRUE(never->system());
  EXPECT_EQ(never->why_this_loop().find("inner epoll set with all"), std::string::npos) << never->why_this_loop();
}

}  // namespace
}  // namespace poe::test
