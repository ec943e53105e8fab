// SPDX-License-Identifier: MIT
//
// co_await on a DatagramSocket: receive(), flushed(), on every loop.
#include "poe/wheels/datagram_awaits.hpp"

#include "datagram_bench.hpp"

namespace poe::test {
namespace {

/// Its Tasks are functions of no class: all is public.
class DatagramAwaitTest : public DatagramTestBase {
 public:
  using TaskFunction = Task<> (*)(DatagramAwaitTest&, DatagramBench&);
  /// A wheel with nobody to take its datagrams, and a Task beside it.
  void with_task(DatagramOptions options, TaskFunction task) {
    as_session([&](DatagramBench& bench) {
      bench.wheel = DatagramSocket(bench, std::move(options));
      bench.launch(task(*this, bench));
    });
  }
  void with_task(TaskFunction task) { with_task(DatagramOptions::bind(SocketAddress::loopback(AF_INET, 0)), task); }
  void note_received(const Result<Datagram>& got) {
    if (got) last_peer = got->peer;
    note(got ? "datagram " + got->bytes
             : "error " + got.error().operation() + " " + std::string(to_string(got.error().code())));
  }
  static Task<> receive_all(DatagramAwaitTest& test, DatagramBench& bench) {
    for (bool more = true; more;) {
      const auto got = co_await bench.wheel.receive();
      test.note_received(got);
      more = got.has_value() || got.error().code() == Errc::limit || got.error().number() == ECONNREFUSED;
    }
  }
};
POE_ON_EVERY_LOOP(DatagramAwaitTest);

TEST_P(DatagramAwaitTest, ReceivesOneAfterTheOther) {
  with_task(&receive_all);
  const Fd far = raw();
  for (const char* word : {"one", "", "three"}) say(far, word, own_address());
  settle();
  EXPECT_EQ(log, (Log{"datagram one", "datagram ", "datagram three"}));
  EXPECT_EQ(last_peer, address_of(far));
  say(far, "four", own_address());
  settle();
  EXPECT_EQ(log.back(), "datagram four");
}

TEST_P(DatagramAwaitTest, DoesNotSuspendWhileSomeAreThereButLetsOthersHaveTheirTurn) {
  DatagramOptions options = DatagramOptions::bind(SocketAddress::loopback(AF_INET, 0));
  options.per_turn = 3;
  make(std::move(options));
  const Fd far = raw();
  for (int i = 0; i < 8; ++i) say(far, "x", own_address());
  settle();
  as_session([this](DatagramBench& bench) {
    bench.launch(receive_all(*this, bench));
    note("an event");
  });
  settle();
  EXPECT_EQ(log.size(), 9u);
  EXPECT_EQ(std::find(log.begin(), log.end(), "an event") - log.begin(), 3);
}

TEST_P(DatagramAwaitTest, NothingIsLostWhenAWaitIsGivenUp) {
  with_task([](DatagramAwaitTest& test, DatagramBench& bench) -> Task<> {
    test.note_received(co_await bench.wheel.receive().within(1ms));
    test.say(test.raw(), "late", *bench.wheel.local_address());
    test.note_received(co_await bench.wheel.receive().within(1s));
  });
  until_logged(2);
  EXPECT_EQ(log, (Log{"error wait for timed_out", "datagram late"}));
}

TEST_P(DatagramAwaitTest, LeavesWhatNobodyAsksForToTheSystem) {
  with_task([](DatagramAwaitTest& test, DatagramBench& bench) -> Task<> {
    test.note_received(co_await bench.wheel.receive());
  });
  const Fd far = raw();
  for (const char* word : {"one", "two"}) say(far, word, own_address());
  settle();
  const auto before = kernel.counts().reports;
  settle();
  EXPECT_EQ(kernel.counts().reports, before) << "the loop tells again and again that there is something to read";
  EXPECT_EQ(log, Log{"datagram one"});
  as_session([this](DatagramBench& bench) { bench.launch(receive_all(*this, bench)); });
  settle();
  EXPECT_EQ(log, (Log{"datagram one", "datagram two"}));
}

TEST_P(DatagramAwaitTest, NobodyThereIsToldAndReceivingGoesOn) {
  const SocketAddress peer = nobody();
  with_task(DatagramOptions::connect(peer), &receive_all);
  EXPECT_TRUE(put("anybody?", peer));
  settle();
  EXPECT_EQ(log, Log{"error receive system"});
  say(raw(peer), "here", own_address());
  settle();
  EXPECT_EQ(log.back(), "datagram here");
}

TEST_P(DatagramAwaitTest, ACutDatagramIsAnErrorAndReceivingGoesOn) {
  DatagramOptions options = DatagramOptions::bind(SocketAddress::loopback(AF_INET, 0));
  options.max_size = 2;
  with_task(std::move(options), &receive_all);
  const Fd far = raw();
  for (const char* word : {"long", "ok"}) say(far, word, own_address());
  settle();
  EXPECT_EQ(log, (Log{"error receive limit", "datagram ok"}));
}

TEST_P(DatagramAwaitTest, APausedWheelReceivesWhenItGoesOn) {
  with_task([](DatagramAwaitTest& test, DatagramBench& bench) -> Task<> {
    bench.wheel.pause();
    test.note_received(co_await bench.wheel.receive());
  });
  say(raw(), "one", own_address());
  settle();
  EXPECT_EQ(log, Log{});
  with_wheel([](DatagramSocket& wheel) { wheel.resume(); });
  settle();
  EXPECT_EQ(log, Log{"datagram one"});
}

TEST_P(DatagramAwaitTest, AWheelThatGoesEndsTheWait) {
  with_task(&receive_all);
  settle();
  with_wheel([](DatagramSocket& wheel) { wheel = DatagramSocket(); });
  settle();
  EXPECT_EQ(log, Log{"error wait for closed"});
}

TEST_P(DatagramAwaitTest, ASessionThatStopsEndsTheWait) {
  with_task(&receive_all);
  settle();
  as_session([](DatagramBench& bench) { bench.request_stop(); });
  settle();
  EXPECT_EQ(log, Log{"error wait for cancelled"});
}

TEST_P(DatagramAwaitTest, AWheelThatCouldNotBeMadeSaysWhyEachTime) {
  const Fd owner = raw();
  with_task(DatagramOptions::bind(address_of(owner)), [](DatagramAwaitTest& test, DatagramBench& bench) -> Task<> {
    test.note_received(co_await bench.wheel.receive());
    test.note_received(co_await bench.wheel.receive());
    EXPECT_FALSE(co_await bench.wheel.flushed());
  });
  settle();
  EXPECT_EQ(log, (Log{"error bind system", "error bind system"}));
}

TEST_P(DatagramAwaitTest, OnlyOneReceivesAndOnlyWhereNobodyElseDoes) {
  with_task(&receive_all);
  as_session([&](DatagramBench& bench) { bench.launch(receive_all(*this, bench)); });
  settle();
  EXPECT_EQ(log, Log{"error receive invalid_argument"});
  with_wheel([](DatagramSocket& wheel) { wheel.on_datagram([](std::string_view, const SocketAddress&) {}); });
  settle();
  EXPECT_EQ(log.size(), 2u) << "the first one still waits";
  as_session([&](DatagramBench& bench) { bench.launch(receive_all(*this, bench)); });
  EXPECT_EQ(log, Log(3, "error receive invalid_argument"));
}

TEST_P(DatagramAwaitTest, FlushedWaitsForThePeer) {
  const Fd peer = raw(abstract("peer"));
  DatagramOptions options = DatagramOptions::bind(abstract("wheel"));
  options.remote = abstract("peer");
  with_task(std::move(options), [](DatagramAwaitTest& test, DatagramBench& bench) -> Task<> {
    EXPECT_TRUE(co_await bench.wheel.flushed()) << "nothing waits";
    test.note("at once");
    while (*bench.wheel.put(std::string(1000, 'x')) == Sent::sent) {
    }
    EXPECT_TRUE(co_await bench.wheel.flushed());
    EXPECT_EQ(bench.wheel.queued(), 0u);
    test.note("flushed");
  });
  settle();
  EXPECT_EQ(log, Log{"at once"});
  EXPECT_FALSE(hear(peer).empty());
  until_logged(2);
  EXPECT_EQ(log, (Log{"at once", "flushed"}));
}

TEST_P(DatagramAwaitTest, AnEmptyHandleAnswersAnError) {
  as_session([&](DatagramBench& bench) { bench.launch(receive_all(*this, bench)); });
  EXPECT_EQ(log, Log{"error receive closed"});
}

}  // namespace
}  // namespace poe::test
