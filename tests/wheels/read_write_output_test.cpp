// SPDX-License-Identifier: MIT
#include <cerrno>

#include <algorithm>

#include "read_write_bench.hpp"

namespace poe::test {
namespace {

class ReadWriteOutputTest : public ReadWriteTest {
 protected:
  /// Puts until the system takes no more; what was put.
  std::size_t fill(std::size_t octets = 2 << 20) {
    const std::string record(1023, 'x');
    std::size_t sum = 0;
    with_wheel([&](ReadWrite& w) {
      for (; sum < octets; sum += 1024) ASSERT_TRUE(w.put(record));
    });
    return sum;
  }
  /// Lets the wheel write and reads it all, until `octets` have come.
  std::size_t drain(std::size_t octets) {
    std::size_t sum = 0;
    for (int rounds = 0; sum < octets && rounds < 10000; ++rounds) {
      const std::string part = hear();
      sum += part.size();
      settle();
    }
    return sum;
  }
};
POE_ON_EVERY_LOOP(ReadWriteOutputTest);

TEST_P(ReadWriteOutputTest, FlushedComesEachTimeTheOutputIsEmptyNeverWithoutAPutP116) {
  make(logging());
  settle();
  EXPECT_EQ(log, Log{});
  for (int i = 0; i < 2; ++i) {
    with_wheel([](ReadWrite& w) {
      w.put("a");
      w.put("b");
    });
    EXPECT_EQ(log.size(), static_cast<std::size_t>(i)) << "put() called back";
    settle();
  }
  EXPECT_EQ(hear(), "a\nb\na\nb\n");
  EXPECT_EQ(log, (Log{"flushed", "flushed"}));
}

TEST_P(ReadWriteOutputTest, PutTellsTheHighMarkAndTheEventFollowsP117) {
  ReadWriteOptions options = logging();
  options.high_water = 8;
  options.low_water = 2;
  make(std::move(options));
  with_wheel([](ReadWrite& w) {
    EXPECT_EQ(w.put("123"), Output::flowing);
    EXPECT_EQ(w.put("567"), Output::high) << "8 octets are at the mark";
    EXPECT_EQ(w.put("9"), Output::high);
    EXPECT_EQ(w.out_octets(), 10u);
    EXPECT_EQ(w.out_messages(), 3u);
  });
  settle();
  EXPECT_EQ(log, (Log{"high", "low", "flushed"})) << "low before flushed (P116), each once";
}

TEST_P(ReadWriteOutputTest, WhatWasPutBeforeTheSessionStopsIsStillWritten) {
  make(logging());
  on_note = [this](const std::string&) {
    as_session([](Bench& bench) {
      bench.wheel.put("goodbye");
      bench.request_stop();
    });
  };
  say("one\ntwo\n");
  settle();
  EXPECT_EQ(hear(), "goodbye\n");
  EXPECT_EQ(log, Log{"record one"});
  EXPECT_FALSE(kernel.alive(id));
}

TEST_P(ReadWriteOutputTest, AReaderThatIsSlowGetsEverythingOnceR57) {
  make(logging());
  const std::size_t sum = fill();
  settle();
  EXPECT_EQ(log, Log{"high"});
  EXPECT_GT(wheel().out_octets(), 0u);
  EXPECT_EQ(drain(sum), sum);
  EXPECT_EQ(log, (Log{"high", "low", "flushed"}));
}

TEST_P(ReadWriteOutputTest, APutOverTheLimitIsRefusedWholeAndToldOnce) {
  ReadWriteOptions options = logging();
  options.output_limit = 100;
  make(std::move(options));
  with_wheel([](ReadWrite& w) {
    EXPECT_TRUE(w.put(std::string(60, 'a')));
    const auto refused = w.put(std::string(60, 'b'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::limit);
    EXPECT_FALSE(w.put(std::string(60, 'c')));
    EXPECT_TRUE(w.put("fits"));
  });
  settle();
  EXPECT_EQ(hear(), std::string(60, 'a') + "\nfits\n");
  EXPECT_EQ(log, (Log{"error write 0 limit", "flushed"}));
}

TEST_P(ReadWriteOutputTest, AutoFlushWritesInsidePutP119) {
  ReadWriteOptions options = logging();
  options.auto_flush = true;
  make(std::move(options));
  with_wheel([](ReadWrite& w) { w.put("now"); });
  EXPECT_EQ(wheel().out_octets(), 0u) << "it was not written inside put()";
  const std::size_t sum = fill();
  EXPECT_EQ(drain(sum + 4), sum + 4) << "what was left was not written";
}

TEST_P(ReadWriteOutputTest, AWriteErrorKeepsTheDataAndIsToldOnceP115) {
  ReadWriteOptions options = logging();
  options.on_record = nullptr;
  make(std::move(options));
  far.reset();
  with_wheel([](ReadWrite& w) { w.put("to nobody"); });
  settle();
  EXPECT_EQ(log, Log{"error write " + std::to_string(EPIPE) + " system"});
  EXPECT_EQ(wheel().out_octets(), 10u);
  with_wheel([](ReadWrite& w) {
    const auto refused = w.put("again");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::closed);
  });
  settle();
  EXPECT_EQ(log.size(), 1u) << "no flushed event, no second error";
}

TEST_P(ReadWriteOutputTest, ShutdownOutputWaitsForTheFlushAndInputGoesOnP120) {
  make(logging());
  const std::size_t sum = fill();
  with_wheel([](ReadWrite& w) {
    w.shutdown_output();
    EXPECT_FALSE(w.put("too late"));
  });
  settle();
  EXPECT_EQ(drain(sum), sum);
  EXPECT_EQ(hear(), "");
  EXPECT_TRUE(far_ended) << "the peer sees the end";
  say("question\n");
  settle();
  EXPECT_EQ(log.back(), "record question");
}

TEST_P(ReadWriteOutputTest, ASetOutputFilterDoesNotTouchWhatWasPutP109) {
  make(logging());
  with_wheel([](ReadWrite& w) {
    w.put("line");
    w.set_output_filter(StreamFilter());
    w.put("raw");
  });
  settle();
  EXPECT_EQ(hear(), "line\nraw");
  say("in\n");
  settle();
  EXPECT_EQ(log.back(), "record in") << "the input filter stays";
}

TEST_P(ReadWriteOutputTest, SetFilterReplacesBothP109) {
  make(logging());
  with_wheel([](ReadWrite& w) {
    w.set_filter(LineOptions(";"));
    EXPECT_EQ(&w.input_filter(), &w.output_filter());
    w.put("out");
  });
  say("in;");
  settle();
  EXPECT_EQ(hear(), "out;");
  EXPECT_EQ(std::count(log.begin(), log.end(), "record in"), 1);  // before or after "flushed", as the loop has it
}

TEST_P(ReadWriteOutputTest, AnEmptyRecordOfAStreamIsDroppedP118) {
  ReadWriteOptions options = logging();
  options.filter = StreamFilter();
  make(std::move(options));
  with_wheel([](ReadWrite& w) {
    EXPECT_EQ(w.put(""), Output::flowing);
    EXPECT_EQ(w.out_messages(), 0u);
  });
  settle();
  EXPECT_EQ(hear(), "");
}

TEST_P(ReadWriteOutputTest, DroppingTheWheelInAnotherWheelsTurnIsQuietP111) {
  make(logging());
  with_wheel([](ReadWrite& w) {
    w.put("never");
    w = ReadWrite();
  });
  settle();
  EXPECT_EQ(log, Log{});
  EXPECT_EQ(hear(), "");
  EXPECT_TRUE(far_ended) << "its descriptor was closed";
}

TEST_P(ReadWriteOutputTest, DroppedWhileAnotherSessionIsCurrentItLetsGoOfItsOwnP113) {
  make(logging());
  ReadWrite& of_the_bench = wheel();
  bool dropped = false;
  kernel.spawn(Inline<int>(0).on(start, [&](int&, Self& self) {
    EXPECT_NE(self.id(), id);
    of_the_bench = ReadWrite();
    dropped = true;
  }));
  ASSERT_TRUE(dropped);
  say("not read any more");
  settle();
  EXPECT_EQ(log, Log{});
  EXPECT_EQ(kernel.why_alive(id).find("a watch"), std::string::npos) << kernel.why_alive(id);
  hear();
  EXPECT_TRUE(far_ended) << "its descriptor was closed";
}

TEST_P(ReadWriteOutputTest, ProducingInOnFlushedDoesNotStarveOthers) {
  make(logging());
  int produced = 0;
  int others = 0;
  on_note = [&](const std::string& what) {
    if (what != "flushed" || ++produced >= 100) return;
    with_wheel([](ReadWrite& w) { w.put("x"); });
  };
  std::function<void(Bench&)> other = [&](Bench& bench) {
    ++others;
    if (produced < 100) bench.defer([&other, &bench] { other(bench); });
  };
  as_session([&](Bench& bench) {
    bench.wheel.put("x");
    other(bench);
  });
  settle();
  EXPECT_EQ(produced, 100);
  EXPECT_GE(others, 90);
}

}  // namespace
}  // namespace poe::test
