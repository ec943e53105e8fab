// SPDX-License-Identifier: MIT
//
// What a DatagramSocket does when the system takes no more: Unix peers that do not read, which can be had everywhere.
#include "datagram_bench.hpp"

namespace poe::test {
namespace {

class DatagramOutputTest : public DatagramTestBase {
 protected:
  /// The wheel, connected to a peer or not, which has taken all that the peer holds, numbered; the last one waits.
  void fill(DatagramOptions options) {
    peer_ = raw(abstract("peer"));
    if (connected_) options.remote = abstract("peer");
    options.local = abstract("wheel");
    make(std::move(options));
    for (Sent how = Sent::sent; how == Sent::sent && count_ < 5000; ++count_) {
      const auto put_now = put(numbered(count_), abstract("peer"));
      ASSERT_TRUE(put_now) << put_now.error().report();
      how = *put_now;
    }
    ASSERT_LT(count_, 5000);
    with_wheel([](DatagramSocket& wheel) {
      EXPECT_EQ(wheel.queued(), 1u);
      EXPECT_EQ(wheel.queued_octets(), 1000u);
    });
  }
  static std::string numbered(int number) {
    std::string text = std::to_string(number);
    text.resize(1000, '.');
    return text;
  }
  /// The numbers the peer has got so far.
  std::vector<int> drain() {
    std::vector<int> numbers;
    for (int quiet = 0; quiet < 20; ++quiet) {
      for (const std::string& one : hear(peer_)) {
        numbers.push_back(std::stoi(one));
        quiet = 0;
      }
      slice();
    }
    return numbers;
  }
  std::vector<int> up_to_count() const {
    std::vector<int> numbers;
    for (int i = 0; i < count_; ++i) numbers.push_back(i);
    return numbers;
  }
  DatagramOptions plain() { return logging(DatagramOptions()); }

  bool connected_ = true;
  Fd peer_;
  int count_ = 0;
};
POE_ON_EVERY_LOOP(DatagramOutputTest);

TEST_P(DatagramOutputTest, WhatDoesNotGoWaitsAndGoesInOrder) {
  fill(plain());
  EXPECT_TRUE(put(numbered(count_++), abstract("peer")));
  EXPECT_EQ(log, Log{});
  EXPECT_EQ(drain(), up_to_count());
  EXPECT_EQ(log, Log{"flushed"});
  with_wheel([](DatagramSocket& wheel) { EXPECT_EQ(wheel.queued_octets(), 0u); });
}

TEST_P(DatagramOutputTest, TheSameWithoutAConnection) {
  connected_ = false;
  fill(plain());
  EXPECT_TRUE(put(numbered(count_++), abstract("peer")));
  EXPECT_EQ(drain(), up_to_count());
  EXPECT_EQ(log, Log{"flushed"});
}

TEST_P(DatagramOutputTest, APeerThatDoesNotReadHoldsNobodyElseUp) {
  connected_ = false;
  fill(plain());
  const Fd other = raw(abstract("other"));
  const auto sent = put("for you", abstract("other"));
  EXPECT_TRUE(sent && *sent == Sent::sent);
  EXPECT_EQ(hear(other), Log{"for you"});
  const auto before = kernel.counts();
  const auto end = std::chrono::steady_clock::now() + 50ms;
  while (!simulated && std::chrono::steady_clock::now() < end) slice();
  EXPECT_LE(kernel.counts().reports - before.reports, 2u) << "it spins on a socket that is always ready to write";
  EXPECT_EQ(drain(), up_to_count());
}

TEST_P(DatagramOutputTest, AFullPeerCostsNoTurns) {
  fill(plain());
  settle();  // would never end in the simulated world, where there is room, but not for this one
  const auto before = kernel.counts().reports;
  const auto end = std::chrono::steady_clock::now() + 50ms;
  while (!simulated && std::chrono::steady_clock::now() < end) slice();
  EXPECT_LE(kernel.counts().reports - before, 2u) << "it spins";
  EXPECT_EQ(drain(), up_to_count());
}

TEST_P(DatagramOutputTest, OverTheLimitItIsRefused) {
  DatagramOptions options = plain();
  options.max_queued = 1;
  fill(std::move(options));
  const auto refused = put("one more", abstract("peer"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::limit) << refused.error().report();
  with_wheel([](DatagramSocket& wheel) { EXPECT_EQ(wheel.dropped(), 0u); });
  EXPECT_EQ(drain(), up_to_count());
  EXPECT_TRUE(put("room again", abstract("peer")));
}

TEST_P(DatagramOutputTest, OverTheLimitInOctetsItIsRefused) {
  DatagramOptions options = plain();
  options.max_queued_octets = 1500;
  fill(std::move(options));
  EXPECT_TRUE(put(std::string(500, 'x'), abstract("peer")));
  EXPECT_FALSE(put("1", abstract("peer")));
}

TEST_P(DatagramOutputTest, OrTheNewestIsDropped) {
  DatagramOptions options = plain();
  options.max_queued = 1;
  options.when_full = WhenFull::drop_newest;
  fill(std::move(options));
  const auto dropped = put("one more", abstract("peer"));
  EXPECT_TRUE(dropped && *dropped == Sent::dropped);
  with_wheel([](DatagramSocket& wheel) { EXPECT_EQ(wheel.dropped(), 1u); });
  EXPECT_EQ(drain(), up_to_count());
}

TEST_P(DatagramOutputTest, OrTheOldestIsDropped) {
  DatagramOptions options = plain();
  options.max_queued = 1;
  options.when_full = WhenFull::drop_oldest;
  fill(std::move(options));
  const auto queued = put(numbered(count_), abstract("peer"));
  EXPECT_TRUE(queued && *queued == Sent::queued);
  with_wheel([](DatagramSocket& wheel) { EXPECT_EQ(wheel.dropped(), 1u); });
  auto expected = up_to_count();
  expected.back() = count_;
  EXPECT_EQ(drain(), expected);
}

TEST_P(DatagramOutputTest, WithoutAQueueNothingWaits) {
  DatagramOptions options = plain();
  options.max_queued = 0;
  options.when_full = WhenFull::drop_oldest;
  options.local = abstract("wheel");
  options.remote = abstract("peer");
  peer_ = raw(abstract("peer"));
  make(std::move(options));
  Sent how = Sent::sent;
  for (int i = 0; how == Sent::sent && i < 5000; ++i) how = *put(numbered(i), abstract("peer"));
  EXPECT_EQ(how, Sent::dropped);
}

TEST_P(DatagramOutputTest, APeerThatGoesWhileDatagramsWaitIsTold) {
  fill(plain());
  peer_.reset();
  until_logged(2);
  EXPECT_EQ(log, (Log{error_line("send", ECONNREFUSED), "flushed"}));
  EXPECT_EQ(last_subject, abstract("peer").to_string());
}

TEST_P(DatagramOutputTest, APeerThatIsGoneIsAnErrorOfPut) {
  connected_ = false;
  fill(plain());
  drain();
  peer_.reset();
  const auto refused = put("hello?", abstract("peer"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().number(), ECONNREFUSED) << refused.error().report();
  settle();
  EXPECT_EQ(log, Log{"flushed"});
}

}  // namespace
}  // namespace poe::test
