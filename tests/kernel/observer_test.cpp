// SPDX-License-Identifier: MIT
//
// Observers, what is built on them (trace flags, the stall watch), snapshots and the books.
#include <thread>

#include "kernel_lab.hpp"
#include "poe/stall_watch.hpp"
#include "poe/tracer.hpp"

namespace poe::test {
namespace {

/// Writes down what it is told.
class Diary final : public Observer {
 public:
  void posted(const Dispatch& d) noexcept override { note("posted", d); }
  void before(const Dispatch& d) noexcept override { note("before", d); }
  void after(const Dispatch& d) noexcept override { note("after", d); }
  void started(SessionId, SessionId) noexcept override { lines.emplace_back("started"); }
  void stopped(SessionId) noexcept override { lines.emplace_back("stopped"); }
  void signalled(SessionId, const char* name) noexcept override { lines.push_back(std::string("signal ") + name); }
  void turn_began(std::uint64_t) noexcept override { ++turns; }
  void turn_ended(std::uint64_t) noexcept override { --turns; }
  Log lines;
  int turns = 0;

 private:
  void note(const char* what, const Dispatch& d) { lines.push_back(std::string(what) + " " + d.event); }
};

class Observers : public OnEveryLoop {};
POE_ON_EVERY_LOOP(Observers);

TEST_P(Observers, AreToldOfEveryCallInOrder) {
  Diary diary;
  kernel.observe(diary);
  const SessionId other = kernel.spawn(actor().on(pong, [](auto&, Self&) {}));
  kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self& self) {
    static_cast<void>(self.call(other, pong));
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  EXPECT_EQ(diary.lines, (Log{"started", "started", "before _start", "posted ping", "after _start", "before ping",
                              "before pong", "after pong", "after ping", "before _stop", "after _stop", "stopped",
                              "before _stop", "after _stop", "stopped"}));
  EXPECT_EQ(diary.turns, 0);
  kernel.unobserve(diary);
}

TEST_P(Observers, SeeTimersSignalsAndDescriptors) {
  Diary diary;
  Pair pair = pipe_pair(kernel);
  kernel.spawn(actor()
                   .on(start,
                       [&](auto&, Self& self) {
                         self.after(1ms, ping).detach();
                         auto watch = self.on_signal("KNOCK", [](const Signal&) {});
                         ASSERT_TRUE(watch);
                         std::move(*watch).detach();
                         static_cast<void>(self.kernel().signal(self.id(), "KNOCK"));
                       })
                   .on(ping, [](auto&, Self&) {}));
  kernel.spawn(actor().on(start, [&](auto&, Self& self) {
    auto watch = self.watch(pair.here.get(), POE_READ, [&, id = self.id()](std::uint32_t) {
      EXPECT_EQ(read_text(pair.here), "x");
      kernel.unobserve(diary);
      static_cast<void>(kernel.signal(id, "KILL"));
    });
    ASSERT_TRUE(watch);
    std::move(*watch).detach();
  }));
  kernel.observe(diary);
  kernel.spawn(actor().on(start, [&](auto&, Self& self) { self.after(20ms, go).detach(); }).on(go, [&](auto&, Self&) {
    write_text(pair.there, "x");
  }));
  ASSERT_TRUE(succeeded(kernel.run()));
  const auto told = [&](const std::string& line) {
    return std::find(diary.lines.begin(), diary.lines.end(), line) != diary.lines.end();
  };
  EXPECT_TRUE(told("before KNOCK") && told("after KNOCK"));
  EXPECT_TRUE(told("before ping") && told("after ping"));
  EXPECT_TRUE(told("before ready"));
  EXPECT_EQ(diary.lines.back(), "before ready") << "told after it was taken away";
}

TEST_P(Observers, TraceFlagsWriteWhatWasAskedFor) {
  KeptLog kept;
  KernelOptions options;
  options.log = &kept;
  options.trace = Trace::sessions | Trace::signalling;
  Kernel k = open_on(GetParam(), options);
  const SessionId id = k.spawn(actor().on(ping, [](auto&, Self&) {}));
  ASSERT_TRUE(k.post(id, ping));
  ASSERT_TRUE(k.signal(id, "KNOCK"));
  ASSERT_TRUE(succeeded(k.run()));
  const std::string who = "trace: session " + std::to_string(id.slot());
  EXPECT_EQ(kept.lines,
            (Log{who + " is born to the kernel", "trace: signal KNOCK sent to session " + std::to_string(id.slot()),
                 who + " (ended) has ended"}));
}

TEST(TraceFlags, AreReadWithAnErrorThatNamesTheWord) {
  EXPECT_EQ(*parse_trace("events, refs"), Trace::events | Trace::refs);
  EXPECT_EQ(*parse_trace(""), Trace::none);
  EXPECT_EQ(*parse_assert("all"), Assert::all);
  const auto wrong = parse_trace("events,evnts");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message(), "cannot read trace flags \"evnts\": there is no such flag");
  EXPECT_NE(wrong.error().report().find("use some of events, sessions, refs, signals, turns, all"), std::string::npos);
}

TEST_P(Observers, AssertUsageNamesWhoPostsToTheDead) {
  KeptLog kept;
  KernelOptions options;
  options.log = &kept;
  options.asserts = Assert::all;
  Kernel k = open_on(GetParam(), options);
  const SessionId dead = k.spawn(actor());
  ASSERT_TRUE(succeeded(k.run()));
  k.spawn(actor().on(start, [&](auto&, Self& self) { EXPECT_FALSE(self.post(dead, ping)); }));
  ASSERT_TRUE(succeeded(k.run()));
  ASSERT_EQ(kept.lines.size(), 1u);
  EXPECT_NE(kept.lines[0].find("posts event \"ping\" to a session that has ended"), std::string::npos);
}

TEST_P(Observers, SnapshotsShowWhatLivesAndWaits) {
  KernelOptions options;
  Kernel k = open_on(GetParam(), options);
  Pair pair = pipe_pair(k);
  Alias name;
  KeepAlive extra;
  const SessionId id = k.spawn(actor()
                                   .on(start,
                                       [&](auto&, Self& self) {
                                         name = std::move(*self.alias("clerk"));
                                         extra = self.keep_alive("a job");
                                         self.every(50ms, ping).detach();
                                         auto watch = self.watch(pair.here.get(), POE_READ, [](std::uint32_t) {});
                                         ASSERT_TRUE(watch);
                                         std::move(*watch).detach();
                                         auto signal = self.on_signal("KNOCK", [](const Signal&) {});
                                         std::move(*signal).detach();
                                       })
                                   .on(ping, [](auto&, Self&) {}));
  ASSERT_TRUE(k.post(id, ping));
  const Snapshot now = k.snapshot();
  EXPECT_EQ(now.loop, GetParam());
  ASSERT_EQ(now.sessions.size(), 1u);
  EXPECT_EQ(now.sessions[0].id, id);
  EXPECT_EQ(now.sessions[0].parent, k.id());
  EXPECT_EQ(now.sessions[0].aliases, Log{"clerk"});
  EXPECT_EQ(now.sessions[0].extras, Log{"a job"});
  EXPECT_EQ(now.sessions[0].events, (Log{"_start", "ping"}));
  EXPECT_EQ(now.sessions[0].references, 4u);  // alias, extra, timer, watch
  EXPECT_EQ(now.sessions[0].queued, 1u);
  ASSERT_EQ(now.queue.size(), 1u);
  EXPECT_EQ(now.queue[0].name, "ping");
  EXPECT_EQ(now.queue[0].from, k.id());
  ASSERT_EQ(now.timers.size(), 1u);
  EXPECT_EQ(now.timers[0].period, Duration(50ms));
  EXPECT_GE(now.timers[0].due, now.taken);
  ASSERT_EQ(now.watches.size(), 1u);
  EXPECT_EQ(now.watches[0].fd, pair.here.get());
  ASSERT_EQ(now.signal_watches.size(), 1u);
  EXPECT_TRUE(k.check_books().empty());
  k.stop();
  ASSERT_TRUE(succeeded(k.run()));
  EXPECT_EQ(now.sessions.size(), 1u) << "a snapshot does not change";
  EXPECT_TRUE(k.snapshot().sessions.empty());
}

/// Passes lines on to the test's thread.
class SharedLog final : public LogSink {
 public:
  void write(LogLevel, std::string_view line) noexcept override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
    changed_.notify_all();
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return lines_.size() >= count; });
  }
  Log lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Log lines_;
};

TEST(ThreadsAndStalls, AHandlerThatHoldsTheLoopIsNamedWhileItDoesPain37) {
  SharedLog log;
  KernelOptions options;
  options.log = &log;
  options.stall_limit = 5ms;
  Kernel kernel = open_on(all_loops().front(), options);
  const SessionId id =
      kernel.spawn(actor().on(start, [](auto&, Self& self) { self.yield(ping); }).on(ping, [&](auto&, Self&) {
        log.wait_for(1);
      }));  // until it was named
  ASSERT_TRUE(succeeded(kernel.run()));
  const Log lines = log.lines();
  ASSERT_EQ(lines.size(), 2u);
  const std::string who = "session " + std::to_string(id.slot());
  EXPECT_TRUE(lines[0].starts_with(who + " holds the loop for "));
  EXPECT_TRUE(lines[0].ends_with(" ms in its handler of \"ping\", which has not returned yet"));
  EXPECT_TRUE(lines[1].starts_with(who + " held the loop for "));
  EXPECT_TRUE(lines[1].ends_with("in its handler of \"ping\""));
}

}  // namespace
}  // namespace poe::test
