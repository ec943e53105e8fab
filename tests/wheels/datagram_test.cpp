// SPDX-License-Identifier: MIT
//
// DatagramSocket on every loop: what comes in, what goes out at once, and what peers do wrong.
#include "datagram_bench.hpp"

namespace poe::test {
namespace {

class DatagramTest : public DatagramTestBase {
 protected:
  /// A wheel that sends everything back, and a client beside it.
  void expect_echo(const SocketAddress& server, const SocketAddress& client) {
    DatagramOptions options = logging(DatagramOptions::bind(server));
    on_note = [this](const std::string& what) {
      with_wheel([&](DatagramSocket& wheel) {
        const auto sent = wheel.put(what, last_peer);
        EXPECT_TRUE(sent && *sent == Sent::sent);
      });
    };
    make(std::move(options));
    const Fd far = raw(client);
    for (const char* word : {"one", "", "three"}) say(far, word, own_address());
    settle();
    EXPECT_EQ(log, (Log{"datagram one", "datagram ", "datagram three"}));
    EXPECT_EQ(hear(far), log);
    EXPECT_EQ(last_peer, address_of(far));
  }
};
POE_ON_EVERY_LOOP(DatagramTest);

TEST_P(DatagramTest, AnswersOverIpv4) {
  expect_echo(SocketAddress::loopback(AF_INET, 0), SocketAddress::loopback(AF_INET, 0));
}
TEST_P(DatagramTest, AnswersOverIpv6) {
  expect_echo(SocketAddress::loopback(AF_INET6, 0), SocketAddress::loopback(AF_INET6, 0));
}
TEST_P(DatagramTest, AnswersOverAbstractUnixNames) { expect_echo(abstract("server"), abstract("client")); }

TEST_P(DatagramTest, AnswersOverUnixPaths) {
  std::string folder = "/simulated";
  if (!simulated) {
    char name[] = "/tmp/poe-datagram-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
  }
  expect_echo(*SocketAddress::parse(folder + "/server"), *SocketAddress::parse(folder + "/client"));
  with_wheel([](DatagramSocket& wheel) { wheel = DatagramSocket(); });
  if (simulated) return;
  EXPECT_TRUE(std::filesystem::exists(folder + "/server"));
  std::filesystem::remove_all(folder);
}

TEST_P(DatagramTest, IsBoundWhenItIsMade) {
  make(logging());
  EXPECT_NE(own_address().port(), 0);
  with_wheel([](DatagramSocket& wheel) {
    EXPECT_NE(wheel.id(), 0u);
    EXPECT_GE(wheel.fd(), 0);
    EXPECT_FALSE(wheel.remote_address());
  });
}

TEST_P(DatagramTest, ConnectedHearsAndSendsToItsPeerAlone) {
  const Fd peer = raw(), stranger = raw();
  make(logging(DatagramOptions::connect(address_of(peer))));
  with_wheel([&](DatagramSocket& wheel) {
    EXPECT_EQ(wheel.remote_address(), address_of(peer));
    EXPECT_TRUE(wheel.put("question"));
    const auto refused = wheel.put("psst", address_of(stranger));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
  });
  say(stranger, "no", own_address());
  say(peer, "yes", own_address());
  settle();
  EXPECT_EQ(log, Log{"datagram yes"});
  EXPECT_EQ(hear(peer), Log{"question"});
  EXPECT_EQ(hear(stranger), Log{});
}

TEST_P(DatagramTest, NobodyThereIsToldAndTheWheelGoesOn) {
  const SocketAddress peer = nobody();
  make(logging(DatagramOptions::connect(peer)));
  EXPECT_TRUE(put("anybody?", peer));
  settle();
  EXPECT_EQ(log, Log{error_line("receive", ECONNREFUSED)});
  EXPECT_EQ(last_subject, peer.to_string());
  const Fd now = raw(peer);
  EXPECT_TRUE(put("hello", peer));
  say(now, "here", own_address());
  settle();
  EXPECT_EQ(hear(now), Log{"hello"});
  EXPECT_EQ(log.back(), "datagram here");
}

TEST_P(DatagramTest, ARefusalDoesNotHoldUpTheNextDatagram) {
  const SocketAddress peer = nobody();
  make(logging(DatagramOptions::connect(peer)));
  with_wheel([&](DatagramSocket& wheel) { wheel.pause(); });  // so that only put() can notice
  EXPECT_TRUE(put("lost", peer));
  settle();
  const Fd now = raw(peer);
  const auto sent = put("heard", peer);
  EXPECT_TRUE(sent && *sent == Sent::sent);
  EXPECT_EQ(log, Log{}) << "a callback came from inside put()";
  settle();
  EXPECT_EQ(log, Log{error_line("send", ECONNREFUSED)});
  EXPECT_EQ(last_subject, peer.to_string());
  EXPECT_EQ(hear(now), Log{"heard"});
}

TEST_P(DatagramTest, TooLongForTheWayIsRefused) {
  const Fd peer = raw();
  make(logging());
  const auto refused = put(std::string(70'000, 'x'), address_of(peer));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().number(), EMSGSIZE) << refused.error().report();
  EXPECT_EQ(refused.error().subject(), address_of(peer).to_string());
  EXPECT_TRUE(put("short", address_of(peer)));
  settle();
  EXPECT_EQ(hear(peer), Log{"short"});
  EXPECT_EQ(log, Log{});
}

TEST_P(DatagramTest, WithoutAPeerItIsRefused) {
  make(logging());
  with_wheel([](DatagramSocket& wheel) {
    const auto refused = wheel.put("to whom?");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
  });
}

TEST_P(DatagramTest, ACutDatagramIsToldAndNeverDelivered) {
  DatagramOptions options = logging();
  options.max_size = 4;
  make(std::move(options));
  const Fd far = raw();
  for (const char* word : {"1234", "12345", "next"}) say(far, word, own_address());
  settle();
  EXPECT_EQ(log, (Log{"datagram 1234", "error receive limit", "datagram next"}));
  EXPECT_EQ(last_subject, address_of(far).to_string());
}

TEST_P(DatagramTest, LongerThanTheRoomOnTheStackIsReceivedIfAskedFor) {
  if (simulated) GTEST_SKIP() << "its Unix sockets hold 64 KiB";
  DatagramOptions options = logging(DatagramOptions::bind(abstract("long")));
  options.max_size = 100'000;
  make(std::move(options));
  const std::string bytes(90'000, 'x');
  say(raw(abstract("sender")), bytes, own_address());
  settle();
  EXPECT_EQ(log, Log{"datagram " + bytes});
}

TEST_P(DatagramTest, OthersHaveTheirTurnInAFlood) {
  DatagramOptions options = logging();
  options.per_turn = 3;
  on_note = [this, first = true](const std::string&) mutable {
    if (!std::exchange(first, false)) return;
    as_session([this](DatagramBench& bench) { bench.defer([this] { log.emplace_back("others"); }); });
  };
  make(std::move(options));
  with_wheel([](DatagramSocket& wheel) { wheel.pause(); });
  const Fd far = raw();
  for (int i = 0; i < 10; ++i) say(far, "x", own_address());
  settle();
  with_wheel([](DatagramSocket& wheel) { wheel.resume(); });
  settle();
  EXPECT_EQ(log.size(), 11u);
  EXPECT_LE(std::find(log.begin(), log.end(), "others") - log.begin(), 3);
}

TEST_P(DatagramTest, PausedInItsCallbackItLeavesTheRestForLater) {
  make(logging());
  on_note = [this](const std::string&) { with_wheel([](DatagramSocket& wheel) { wheel.pause(); }); };
  const Fd far = raw();
  for (const char* word : {"one", "two"}) say(far, word, own_address());
  settle();
  EXPECT_EQ(log, Log{"datagram one"});
  with_wheel([](DatagramSocket& wheel) { wheel.resume(); });
  settle();
  EXPECT_EQ(log, (Log{"datagram one", "datagram two"}));
}

TEST_P(DatagramTest, ReceivesOnceItHasSomebodyToTell) {
  make(DatagramOptions::bind(SocketAddress::loopback(AF_INET, 0)));
  const Fd far = raw();
  say(far, "early", own_address());
  settle();
  const auto before = kernel.counts().reports;
  settle();
  EXPECT_EQ(kernel.counts().reports, before) << "the loop tells again and again that there is something to read";
  with_wheel([this](DatagramSocket& wheel) {
    wheel.on_datagram([this](std::string_view bytes, const SocketAddress&) { note(std::string(bytes)); });
  });
  settle();
  EXPECT_EQ(log, Log{"early"});
  with_wheel([](DatagramSocket& wheel) { wheel.on_datagram({}); });
  say(far, "late", own_address());
  settle();
  EXPECT_EQ(log, Log{"early"});
}

TEST_P(DatagramTest, AnAddressInUseIsToldLaterAndIsTheEnd) {
  const Fd owner = raw();
  make(logging(DatagramOptions::bind(address_of(owner))));
  EXPECT_EQ(log, Log{});
  settle();
  EXPECT_EQ(log, Log{error_line("bind", EADDRINUSE)});
  EXPECT_EQ(last_subject, address_of(owner).to_string());
  const auto refused = put("hello", address_of(owner));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::closed);
  with_wheel([](DatagramSocket& wheel) {
    EXPECT_EQ(wheel.fd(), -1);
    EXPECT_FALSE(wheel.local_address());
    EXPECT_FALSE(wheel.join(*SocketAddress::parse("239.255.0.1:1")));
  });
}

TEST_P(DatagramTest, WithReuseTheAddressIsShared) {
  DatagramOptions options = logging();
  options.reuse = true;
  make(std::move(options));
  DatagramOptions second = DatagramOptions::bind(own_address());
  second.reuse = true;
  second.on_error = [](const Error& error) { ADD_FAILURE() << error.report(); };
  as_session([&](DatagramBench& bench) {
    const DatagramSocket other(bench, std::move(second));
    EXPECT_TRUE(other.local_address());
  });
  settle();
}

TEST_P(DatagramTest, FamiliesThatDoNotGoTogetherAreTold) {
  DatagramOptions options = logging();
  options.remote = SocketAddress::loopback(AF_INET6, 9);
  make(std::move(options));
  settle();
  EXPECT_EQ(log, Log{error_line("connect", EAFNOSUPPORT)});
}

TEST_P(DatagramTest, WithoutAddressOrSocketItThrows) {
  as_session(
      [](DatagramBench& bench) { EXPECT_THROW(DatagramSocket(bench, DatagramOptions()), std::invalid_argument); });
}

TEST_P(DatagramTest, AnEmptyHandleAnswersErrors) {
  DatagramSocket none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.id(), 0u);
  EXPECT_EQ(none.put("x").error().code(), Errc::closed);
  EXPECT_EQ(none.local_address().error().code(), Errc::closed);
  EXPECT_EQ(none.set_multicast_ttl(1).error().code(), Errc::closed);
}

TEST_P(DatagramTest, TakesTheSocketOfAFactory) {
  const Fd peer = raw();
  SocketFactoryOptions wanted = strict(SocketFactoryOptions::connect("127.0.0.1", address_of(peer).port()));
  wanted.protocol = "udp";
  wanted.on_success = [this](Accepted made) { make(logging(DatagramOptions(std::move(made.socket)))); };
  std::unique_ptr<SocketFactory> factory;
  as_session([&](DatagramBench& bench) { factory = std::make_unique<SocketFactory>(bench, std::move(wanted)); });
  settle();
  with_wheel([&](DatagramSocket& wheel) {
    EXPECT_EQ(wheel.remote_address(), address_of(peer));
    EXPECT_TRUE(wheel.put("hello"));
  });
  settle();
  EXPECT_EQ(hear(peer), Log{"hello"});
}

TEST_P(DatagramTest, AStreamSocketIsRefused) {
  make(logging(DatagramOptions(Fd(sys().socket(sys().ctx, AF_INET, SOCK_STREAM, 0), &sys()))));
  settle();
  EXPECT_EQ(log, Log{"error socket invalid_argument"});
}

TEST_P(DatagramTest, AClosedSocketIsAnEventNotAnException) {
  make(logging(DatagramOptions(Fd(1023, &sys()))));
  settle();
  EXPECT_EQ(log, Log{error_line("socket", EBADF)});
}

}  // namespace
}  // namespace poe::test
