// SPDX-License-Identifier: MIT
//
// co_await on a ReadWrite: read(), flushed(), drained(), on every loop.
#include "poe/wheels/read_write_awaits.hpp"

#include "read_write_bench.hpp"

namespace poe::test {
namespace {

using namespace std::chrono_literals;

/// Its Tasks are functions of no class: all is public.
class ReadWriteAwaitTest : public testing::TestWithParam<std::string>, public ReadWriteRig {
 public:
  ReadWriteAwaitTest() : ReadWriteRig(GetParam()) {}
  /// A wheel with nobody to take its records, and a Task beside it.
  void with_task(ReadWriteOptions options, Task<> (*task)(ReadWriteAwaitTest&, Bench&)) {
    as_session([&](Bench& bench) {
      bench.wheel = ReadWrite(bench, std::move(options));
      bench.launch(task(*this, bench));
    });
  }
  void with_task(Task<> (*task)(ReadWriteAwaitTest&, Bench&)) { with_task(ReadWriteOptions(std::move(near)), task); }
  void note_read(const Result<std::string>& got) {
    note(got ? "record " + *got
             : "error " + got.error().operation() + " " + std::string(to_string(got.error().code())));
  }
  void note_done(std::string_view what, const Result<void>& done) {
    note(std::string(what) + (done ? " done" : " " + std::string(to_string(done.error().code()))));
  }
  static Task<> read_all(ReadWriteAwaitTest& test, Bench& bench) {
    for (bool more = true; more;) {
      const auto got = co_await bench.wheel.read();
      test.note_read(got);
      more = got.has_value() || got.error().code() == Errc::limit;
    }
  }
};
POE_ON_EVERY_LOOP(ReadWriteAwaitTest);

TEST_P(ReadWriteAwaitTest, ReadsRecordAfterRecordUntilTheEnd) {
  with_task(&read_all);
  settle();
  EXPECT_EQ(log, Log{});
  say("one\ntwo\nthr");
  settle();
  EXPECT_EQ(log, (Log{"record one", "record two"}));
  say("ee\nrest");
  far.reset();
  settle();
  EXPECT_EQ(log, (Log{"record one", "record two", "record three", "error read end_of_file"}));
}

TEST_P(ReadWriteAwaitTest, TellsTheEndAgainToWhoAsksAgain) {
  far.reset();
  with_task([](ReadWriteAwaitTest& test, Bench& bench) -> Task<> {
    test.note_read(co_await bench.wheel.read());
    test.note_read(co_await bench.wheel.read());
  });
  settle();
  EXPECT_EQ(log, (Log{"error read end_of_file", "error read end_of_file"}));
}

TEST_P(ReadWriteAwaitTest, GivesAnUnfinishedRecordIfAskedTo) {
  ReadWriteOptions options(std::move(near));
  options.deliver_unfinished = true;
  say("one\nrest");
  far.reset();
  with_task(std::move(options), &read_all);
  settle();
  EXPECT_EQ(log, (Log{"record one", "record rest", "error read end_of_file"}));
}

TEST_P(ReadWriteAwaitTest, DoesNotSuspendWhileRecordsAreTherePain09) {
  say("one\ntwo\nthree\n");
  with_task([](ReadWriteAwaitTest& test, Bench& bench) -> Task<> {
    test.note_read(co_await bench.wheel.read());
    bench.defer([&test] { test.note("an event"); });
    test.note_read(co_await bench.wheel.read());
    test.note_read(co_await bench.wheel.read());
  });
  settle();
  EXPECT_EQ(log, (Log{"record one", "record two", "record three", "an event"}));
}

TEST_P(ReadWriteAwaitTest, LeavesWhatNobodyAsksForToThePeer) {
  with_task([](ReadWriteAwaitTest& test, Bench& bench) -> Task<> { test.note_read(co_await bench.wheel.read()); });
  say("one\n");
  settle();
  const std::string block(std::size_t{64} << 10, 'x');
  std::int64_t taken = 0;
  for (std::int64_t took = -1; took != 0 && taken < (64 << 20); taken += took) took = say(block);
  const auto before = kernel.counts().reports;
  settle();
  EXPECT_LT(taken, 64 << 20) << "somebody has read it all";
  EXPECT_LE(kernel.counts().reports - before, 1u) << "the loop tells again and again that there is something to read";
  EXPECT_EQ(log, Log{"record one"});
}

TEST_P(ReadWriteAwaitTest, AFilterSetBetweenTwoReadsGetsAllThatFollowsP107) {
  say("lines\na;b;c\n");
  with_task([](ReadWriteAwaitTest& test, Bench& bench) -> Task<> {
    test.note_read(co_await bench.wheel.read());
    bench.wheel.set_input_filter(LineOptions(";"));
    test.note_read(co_await bench.wheel.read());
    test.note_read(co_await bench.wheel.read());
    bench.wheel.set_input_filter(LineOptions("\n"));
    test.note_read(co_await bench.wheel.read());
  });
  settle();
  EXPECT_EQ(log, (Log{"record lines", "record a", "record b", "record c"}));
}

TEST_P(ReadWriteAwaitTest, AFaultOfTheFilterIsToldAndReadingGoesOn) {
  LineOptions lines;
  lines.max_length = 4;
  ReadWriteOptions options(std::move(near));
  options.filter = lines;
  with_task(std::move(options), &read_all);
  say("far too long\nok\n");
  settle();
  EXPECT_EQ(log, (Log{"error read limit", "record ok"}));
}

TEST_P(ReadWriteAwaitTest, NothingIsLostWhenAReadIsGivenUp) {
  with_task([](ReadWriteAwaitTest& test, Bench& bench) -> Task<> {
    test.note_read(co_await bench.wheel.read().within(1ms));
    test.say("late\n");
    test.note_read(co_await bench.wheel.read());
  });
  for (int i = 0; i < 1000 && log.size() < 2; ++i) ASSERT_TRUE(kernel.run_one_timeslice(5ms));
  EXPECT_EQ(log, (Log{"error wait for timed_out", "record late"}));
}

TEST_P(ReadWriteAwaitTest, APausedInputIsReadWhenItGoesOn) {
  say("one\ntwo\n");
  with_task([](ReadWriteAwaitTest& test, Bench& bench) -> Task<> {
    bench.wheel.pause_input();
    test.note_read(co_await bench.wheel.read());
    bench.wheel.pause_input();
    test.note_read(co_await bench.wheel.read());
  });
  settle();
  EXPECT_EQ(log, Log{});
  with_wheel([](ReadWrite& wheel) { wheel.resume_input(); });
  settle();
  EXPECT_EQ(log, Log{"record one"});
  with_wheel([](ReadWrite& wheel) { wheel.resume_input(); });
  settle();
  EXPECT_EQ(log, (Log{"record one", "record two"}));
}

TEST_P(ReadWriteAwaitTest, ShuttingTheInputEndsTheRead) {
  with_task(&read_all);
  settle();
  with_wheel([](ReadWrite& wheel) { wheel.shutdown_input(); });
  settle();
  EXPECT_EQ(log, Log{"error read closed"});
}

TEST_P(ReadWriteAwaitTest, AWheelThatGoesEndsWhatWaitsForIt) {
  with_task([](ReadWriteAwaitTest& test, Bench& bench) -> Task<> {
    bench.launch(read_all(test, bench));
    static_cast<void>(bench.wheel.put(std::string(std::size_t{3} << 20, 'x')));
    test.note_done("flushed", co_await bench.wheel.flushed());
  });
  settle();
  with_wheel([](ReadWrite& wheel) { wheel = ReadWrite(); });
  settle();
  EXPECT_EQ(log, (Log{"error wait for closed", "flushed closed"}));
}

TEST_P(ReadWriteAwaitTest, OnlyOneReadsAndOnlyWhereNobodyElseGetsTheRecords) {
  with_task(&read_all);
  as_session([&](Bench& bench) { bench.launch(read_all(*this, bench)); });
  settle();
  EXPECT_EQ(log, Log{"error read invalid_argument"});

  auto pair = make_two_way(sys(), PipeKind::socketpair);
  with_task(logging(ReadWriteOptions(std::move(pair->a.input))), &read_all);
  EXPECT_EQ(log.back(), "error read invalid_argument");
  settle();
  EXPECT_EQ(log.back(), "error wait for closed") << "the first wheel went";

  as_session([&](Bench& bench) {
    bench.wheel = ReadWrite();
    bench.launch(read_all(*this, bench));
  });
  settle();
  EXPECT_EQ(log.back(), "error read closed");
}

TEST_P(ReadWriteAwaitTest, FlushedAndDrainedWaitForThePeer) {
  with_task([](ReadWriteAwaitTest& test, Bench& bench) -> Task<> {
    test.note_done("at once", co_await bench.wheel.flushed());
    const auto put = bench.wheel.put(std::string(std::size_t{3} << 20, 'x'));
    EXPECT_TRUE(put && *put == Output::high);
    test.note_done("drained", co_await bench.wheel.drained());
    EXPECT_LE(bench.wheel.out_octets(), std::size_t{16} << 10);
    test.note_done("flushed", co_await bench.wheel.flushed());
    EXPECT_EQ(bench.wheel.out_octets(), 0u);
  });
  settle();
  EXPECT_EQ(log, Log{"at once done"});
  std::size_t heard = 0;
  for (int i = 0; i < 10000 && heard < (std::size_t{3} << 20); ++i) {
    heard += hear().size();
    settle();
  }
  EXPECT_EQ(log, (Log{"at once done", "drained done", "flushed done"}));
}

TEST_P(ReadWriteAwaitTest, AWriteErrorEndsWhatWaitsForTheOutput) {
  far.reset();
  with_task([](ReadWriteAwaitTest& test, Bench& bench) -> Task<> {
    static_cast<void>(bench.wheel.put("x"));
    const auto flushed = co_await bench.wheel.flushed();
    test.note(flushed ? "flushed" : "error " + flushed.error().operation());
    test.note_done("again", co_await bench.wheel.drained());
  });
  settle();
  EXPECT_EQ(log, (Log{"error write", "again closed"}));
}

TEST_P(ReadWriteAwaitTest, TheSessionsEndCancelsTheRead) {
  with_task(&read_all);
  settle();
  as_session([](Bench& bench) { bench.request_stop(); });
  settle();
  EXPECT_EQ(log, Log{"error wait for cancelled"});
}

}  // namespace
}  // namespace poe::test
