// SPDX-License-Identifier: MIT
//
// What only a real network has: groups, broadcast, and refusals told to sockets that are not connected.
#include <ifaddrs.h>
#include <net/if.h>

#include "datagram_bench.hpp"

namespace poe::test {
namespace {

/// An interface for groups beside lo, which knows neither those of IPv6 nor a switch for what comes back. Empty: none.
std::string group_interface(int family) {
  std::string found;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return found;
  for (const ifaddrs* one = all; one != nullptr && found.empty(); one = one->ifa_next) {
    const bool usable = (one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_MULTICAST) != 0;
    if (usable && one->ifa_addr != nullptr && one->ifa_addr->sa_family == family) found = one->ifa_name;
  }
  freeifaddrs(all);
  return found;
}

class DatagramNetworkTest : public DatagramTestBase {
 protected:
  /// A wheel on a free port of all interfaces.
  void make_wheel(int family) {
    make(logging(DatagramOptions::bind(SocketAddress::any(family, 0))));
    port_ = own_address().port();
  }
  /// And a bare sender, whose datagrams to groups go to lo.
  void make_member() {
    make_wheel(AF_INET);
    far_ = raw();
    ip_mreqn where{};
    where.imr_ifindex = static_cast<int>(if_nametoindex("lo"));
    ASSERT_EQ(sys().setsockopt(sys().ctx, far_.get(), IPPROTO_IP, IP_MULTICAST_IF, &where, sizeof where), 0);
  }
  /// The wheel hears itself, until it does not want to. With a TTL of 0 nothing leaves this machine.
  void expect_group_round_trip(int family, const char* numeric) {
    const std::string interface = group_interface(family);
    if (interface.empty()) GTEST_SKIP() << "no interface for groups";
    make_wheel(family);
    const SocketAddress ours = group(numeric);
    expect_fine([&](DatagramSocket& wheel) { return wheel.join(ours, interface); });
    expect_fine([&](DatagramSocket& wheel) { return wheel.set_multicast_interface(interface); });
    expect_fine([](DatagramSocket& wheel) { return wheel.set_multicast_ttl(0); });
    EXPECT_TRUE(put("to us", ours));
    settle();
    expect_fine([](DatagramSocket& wheel) { return wheel.set_multicast_loopback(false); });
    EXPECT_TRUE(put("to others", ours));
    settle();
    expect_fine([](DatagramSocket& wheel) { return wheel.set_multicast_loopback(true); });
    expect_fine([&](DatagramSocket& wheel) { return wheel.leave(ours, interface); });
    EXPECT_TRUE(put("to members", ours));
    settle();
    EXPECT_EQ(log, Log{"datagram to us"});
  }
  SocketAddress group(const std::string& numeric) const { return *SocketAddress::ip(numeric, port_); }
  template <class F>
  void expect_fine(F f) {
    with_wheel([&](DatagramSocket& wheel) {
      const Result<void> done = f(wheel);
      EXPECT_TRUE(done) << done.error().report();
    });
  }
  std::uint16_t port_ = 0;
  Fd far_;
};
POE_ON_REAL_LOOPS(DatagramNetworkTest);

TEST_P(DatagramNetworkTest, HearsAGroupFromJoinToLeave) {
  make_member();
  // Of this process alone: until a socket has joined a group it hears those that anybody on this machine has joined.
  const auto process = static_cast<unsigned>(getpid());
  const SocketAddress ours =
      group("239.255." + std::to_string(process / 256 % 256) + "." + std::to_string(process % 256));
  say(far_, "before", ours);
  settle();
  expect_fine([&](DatagramSocket& wheel) { return wheel.join(ours, "lo"); });
  say(far_, "member", ours);
  settle();
  expect_fine([&](DatagramSocket& wheel) { return wheel.leave(ours, "lo"); });
  say(far_, "after", ours);
  settle();
  EXPECT_EQ(log, Log{"datagram member"});
}

TEST_P(DatagramNetworkTest, HearsOneSenderOfAGroupAlone) {
  make_member();
  const SocketAddress ours = group("232.255.77.2");
  const SocketAddress sender = *SocketAddress::ip("127.0.0.1", 0);
  const SocketAddress nobody_here = *SocketAddress::ip("127.0.0.9", 0);
  expect_fine([&](DatagramSocket& wheel) { return wheel.join(ours, "lo", nobody_here); });
  say(far_, "not asked for", ours);
  settle();
  expect_fine([&](DatagramSocket& wheel) { return wheel.join(ours, "lo", sender); });
  say(far_, "asked for", ours);
  settle();
  expect_fine([&](DatagramSocket& wheel) { return wheel.leave(ours, "lo", sender); });
  EXPECT_EQ(log, Log{"datagram asked for"});
}

TEST_P(DatagramNetworkTest, DoesNotHearItsNeighboursGroups) {
  make_member();
  const SocketAddress ours = group("239.255.77.3"), theirs = group("239.255.77.4");
  expect_fine([&](DatagramSocket& wheel) { return wheel.join(ours, "lo"); });
  DatagramSocket neighbour;
  as_session([&](DatagramBench& bench) {
    neighbour = DatagramSocket(bench, DatagramOptions::bind(SocketAddress::any(AF_INET, 0)));
    EXPECT_TRUE(neighbour.join(theirs, "lo"));
  });
  say(far_, "theirs", theirs);
  say(far_, "ours", ours);
  settle();
  EXPECT_EQ(log, Log{"datagram ours"});
}

TEST_P(DatagramNetworkTest, SendsToGroupsAsItIsToldOverIpv4) { expect_group_round_trip(AF_INET, "239.255.77.5"); }
TEST_P(DatagramNetworkTest, SendsToGroupsAsItIsToldOverIpv6) { expect_group_round_trip(AF_INET6, "ff12::7705"); }

TEST_P(DatagramNetworkTest, SaysWhatIsWrongWithAGroup) {
  make_member();
  with_wheel([this](DatagramSocket& wheel) {
    EXPECT_EQ(wheel.join(group("10.0.0.1"), "lo").error().number(), EINVAL);
    EXPECT_EQ(wheel.join(group("ff12::1"), "lo").error().code(), Errc::invalid_argument);
    EXPECT_EQ(wheel.join(group("239.255.77.6"), "no such interface").error().code(), Errc::invalid_argument);
    EXPECT_EQ(wheel.leave(group("239.255.77.6"), "lo").error().number(), EADDRNOTAVAIL);
    EXPECT_EQ(wheel.set_multicast_ttl(256).error().code(), Errc::invalid_argument);
    EXPECT_EQ(wheel.set_multicast_interface("no such interface").error().code(), Errc::invalid_argument);
  });
}

TEST_P(DatagramNetworkTest, BroadcastIsAllowedOnlyIfAskedFor) {
  make_member();
  const SocketAddress all = group("127.255.255.255");
  const auto refused = put("all", all);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().number(), EACCES);
  expect_fine([](DatagramSocket& wheel) { return wheel.set_broadcast(true); });
  EXPECT_TRUE(put("all", all));
  settle();
  EXPECT_EQ(log, Log{"datagram all"});
}

TEST_P(DatagramNetworkTest, RefusalsAreToldByPeerIfAskedFor) {
  DatagramOptions options = logging();
  options.peer_errors = true;
  make(std::move(options));
  const Fd there = raw();
  const SocketAddress one = nobody(), two = nobody();
  std::vector<std::string> subjects;
  on_note = [&](const std::string&) { subjects.push_back(last_subject); };
  for (const SocketAddress& peer : {one, address_of(there), two, address_of(there)}) {
    const auto sent = put("hello", peer);
    EXPECT_TRUE(sent && *sent == Sent::sent);
  }
  EXPECT_EQ(log, Log{}) << "a callback came from inside put()";
  settle();
  EXPECT_EQ(log.size(), 2u);
  EXPECT_EQ(subjects, (Log{one.to_string(), two.to_string()}));
  EXPECT_EQ(hear(there), (Log{"hello", "hello"}));
  const auto before = kernel.counts().reports;
  settle();
  EXPECT_EQ(kernel.counts().reports, before) << "the loop tells again and again of an error that was told";
}

TEST_P(DatagramNetworkTest, WhatPutHasToldIsNotToldAgain) {
  DatagramOptions options = logging();
  options.peer_errors = true;
  make(std::move(options));
  // More than 65507 octets, but no more than the protocol's own field can say: this one is told in the error queue,
  // too.
  const auto refused = put(std::string(65'520, 'x'), address_of(raw()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().number(), EMSGSIZE);
  settle();
  const auto before = kernel.counts().reports;
  settle();
  EXPECT_EQ(kernel.counts().reports, before) << "the loop tells again and again of an error that was told";
  EXPECT_EQ(log, Log{});
}

TEST_P(DatagramNetworkTest, TwoMayShareAPort) {
  DatagramOptions options = logging();
  options.share_port = true;
  make(std::move(options));
  DatagramOptions second = DatagramOptions::bind(own_address());
  second.share_port = true;
  as_session([&](DatagramBench& bench) {
    const DatagramSocket other(bench, std::move(second));
    EXPECT_TRUE(other.local_address());
  });
}

TEST_P(DatagramNetworkTest, Ipv6AloneLeavesThePortToIpv4) {
  DatagramOptions options = logging(DatagramOptions::bind(SocketAddress::any(AF_INET6, 0)));
  options.v6_only = true;
  make(std::move(options));
  EXPECT_TRUE(raw(SocketAddress::any(AF_INET, own_address().port())));
}

TEST_P(DatagramNetworkTest, OrBothAreHeard) {
  DatagramOptions options = logging(DatagramOptions::bind(SocketAddress::any(AF_INET6, 0)));
  options.v6_only = false;
  make(std::move(options));
  const Fd far = raw();
  say(far, "from IPv4", SocketAddress::loopback(AF_INET, own_address().port()));
  settle();
  EXPECT_EQ(log, Log{"datagram from IPv4"});
  EXPECT_EQ(last_peer.host(), "::ffff:127.0.0.1");
  EXPECT_TRUE(put("back", last_peer));
  EXPECT_EQ(hear(far), Log{"back"});
}

TEST_P(DatagramNetworkTest, BuffersAreAsAskedFor) {
  DatagramOptions options = logging();
  options.receive_buffer = 20'000;
  options.send_buffer = 30'000;
  make(std::move(options));
  with_wheel([this](DatagramSocket& wheel) {
    for (const auto& [name, size] : {std::pair(SO_RCVBUF, 20'000), std::pair(SO_SNDBUF, 30'000)}) {
      int got = 0;
      std::uint32_t room = sizeof got;
      EXPECT_EQ(sys().getsockopt(sys().ctx, wheel.fd(), SOL_SOCKET, name, &got, &room), 0);
      EXPECT_EQ(got, 2 * size) << "Linux doubles it, for its own use (socket(7))";
    }
  });
}

/// The simulated network has neither; that must be said in words.
TEST(DatagramSimulatedTest, WhatThereIsNotIsToldInWords) {
  DatagramRig rig("sim");
  rig.make(rig.logging());
  rig.with_wheel([](DatagramSocket& wheel) {
    const auto refused = wheel.join(*SocketAddress::parse("239.255.77.1:1"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().number(), ENOPROTOOPT) << refused.error().report();
  });
  DatagramOptions options = rig.logging();
  options.peer_errors = true;
  rig.make(std::move(options));
  rig.settle();
  EXPECT_EQ(rig.log, Log{DatagramRig::error_line("setsockopt", ENOPROTOOPT)});
}

}  // namespace
}  // namespace poe::test
