// SPDX-License-Identifier: MIT
// TCP of the simulated world: addresses, connecting, listening.
#include <netinet/tcp.h>

#include "sim_fixture.hpp"

namespace poe::test {
namespace {

sockaddr_in name_of(Sim& sim, int fd, decltype(poe_sys::getsockname) which) {
  sockaddr_in address{};
  uint32_t size = sizeof address;
  EXPECT_EQ(which(sim.sys->ctx, fd, &address, &size), 0);
  EXPECT_EQ(size, sizeof address);
  return address;
}

TEST(SimTcpConnectTest, ConnectingTakesTimeThenBothEndsAreThere) {
  Sim sim;
  const int door = sim.listener(7000);
  const int client = sim.socket(AF_INET);
  const int64_t start = sim.now();
  EXPECT_EQ(sim.connect(client, Sim::ipv4(7000)), -EINPROGRESS);
  EXPECT_EQ(sim.connect(client, Sim::ipv4(7000)), -EALREADY);
  EXPECT_EQ(sim.send(client, "x"), -EAGAIN);
  EXPECT_EQ(sim.accept(door), -EAGAIN);
  sim.watch(client, POE_WRITE);
  EXPECT_EQ(sim.step(Sim::kSecond), 2);
  EXPECT_EQ(sim.reports.back().second, POE_WRITE);
  EXPECT_GE(sim.now() - start, 2'000) << "two ways, at least 1 us each";
  EXPECT_LE(sim.now() - start, 400'000);
  EXPECT_EQ(sim.error_of(client), 0);
  EXPECT_EQ(sim.connect(client, Sim::ipv4(7000)), -EISCONN);
  EXPECT_EQ(sim.events(door, POE_READ), POE_READ);
  const int server = sim.accept(door);
  EXPECT_EQ(name_of(sim, server, sim.sys->getpeername).sin_port, name_of(sim, client, sim.sys->getsockname).sin_port);
  EXPECT_EQ(ntohs(name_of(sim, server, sim.sys->getsockname).sin_port), 7000);
  EXPECT_EQ(ntohs(name_of(sim, client, sim.sys->getpeername).sin_port), 7000);
  EXPECT_EQ(ntohl(name_of(sim, client, sim.sys->getsockname).sin_addr.s_addr), INADDR_LOOPBACK);
}

TEST(SimTcpConnectTest, NobodyListeningIsARefusal) {
  Sim sim;
  const int client = sim.caller(7000);
  sim.watch(client, POE_WRITE);
  EXPECT_EQ(sim.step(Sim::kSecond), 2);
  EXPECT_EQ(sim.reports.back().second, POE_WRITE | POE_ERROR | POE_HANGUP);
  EXPECT_EQ(sim.error_of(client), ECONNREFUSED);
  EXPECT_EQ(sim.error_of(client), 0) << "an error is told once";
  sim.listener(7000);
  EXPECT_EQ(sim.connect(client, Sim::ipv4(7000)), -EINPROGRESS) << "and the socket may try again";
  sim.settle();
  EXPECT_EQ(sim.send(client, "x"), 1);
}

TEST(SimTcpConnectTest, AFailedConnectShowsOnReadToo) {
  Sim sim;
  const int client = sim.caller(7000);
  sim.settle();
  sim.receive(client);
  EXPECT_EQ(sim.result, -ECONNREFUSED);
  EXPECT_EQ(sim.send(client, "x"), -EPIPE);
}

TEST(SimTcpConnectTest, OnlyLoopbackAddressesAreReachable) {
  Sim sim;
  const int fd = sim.socket(AF_INET);
  EXPECT_EQ(sim.connect(fd, Sim::ipv4(80, 0x08080808)), -ENETUNREACH);
  EXPECT_EQ(sim.bind(fd, Sim::ipv4(80, 0x08080808)), -EADDRNOTAVAIL);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  EXPECT_EQ(sim.bind(fd, six), -EAFNOSUPPORT);
  EXPECT_EQ(sim.sys->bind(sim.sys->ctx, fd, &six, 1), -EINVAL);
}

TEST(SimTcpConnectTest, APortIsTakenOnce) {
  Sim sim;
  sim.listener(7000);
  const int second = sim.socket(AF_INET);
  EXPECT_EQ(sim.bind(second, Sim::ipv4(7000)), -EADDRINUSE);
  EXPECT_EQ(sim.bind(second, Sim::ipv4(7000, INADDR_ANY)), -EADDRINUSE) << "the wildcard overlaps";
  sim.set_option(second, SOL_SOCKET, SO_REUSEADDR, 1);
  EXPECT_EQ(sim.bind(second, Sim::ipv4(7000)), -EADDRINUSE) << "a listener is not shared";
  EXPECT_EQ(sim.bind(second, Sim::ipv4(7000, INADDR_LOOPBACK + 1)), 0) << "another address is another place";
  EXPECT_EQ(sim.bind(second, Sim::ipv4(7001)), -EINVAL) << "one socket, one name";
}

TEST(SimTcpConnectTest, ReusedAddressesMeetAtListen) {
  Sim sim;
  const int one = sim.socket(AF_INET), other = sim.socket(AF_INET);
  for (const int fd : {one, other}) {
    sim.set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    EXPECT_EQ(sim.bind(fd, Sim::ipv4(7000)), 0);
  }
  EXPECT_EQ(sim.listen(one, 1), 0);
  EXPECT_EQ(sim.listen(other, 1), -EADDRINUSE);
  sim.close(one);
  EXPECT_EQ(sim.listen(other, 1), 0);
}

TEST(SimTcpConnectTest, PortZeroAssignsAFreeOne) {
  Sim sim;
  const int one = sim.listener(0), other = sim.listener(0);
  const uint16_t port = ntohs(name_of(sim, one, sim.sys->getsockname).sin_port);
  EXPECT_GE(port, 32768);
  EXPECT_NE(port, ntohs(name_of(sim, other, sim.sys->getsockname).sin_port));
  const int client = sim.caller(port);
  sim.settle();
  EXPECT_EQ(sim.events(client, POE_WRITE), POE_WRITE);
}

TEST(SimTcpConnectTest, AWildcardListenerIsReachedUnderLoopback) {
  Sim sim;
  const int door = sim.socket(AF_INET);
  ASSERT_EQ(sim.bind(door, Sim::ipv4(7000, INADDR_ANY)), 0);
  ASSERT_EQ(sim.listen(door, 1), 0);
  sim.caller(7000);
  sim.settle();
  const int server = sim.accept(door);
  EXPECT_EQ(ntohl(name_of(sim, server, sim.sys->getsockname).sin_addr.s_addr), INADDR_LOOPBACK);
}

TEST(SimTcpConnectTest, Ipv6HasItsOwnPorts) {
  Sim sim;
  sim.listener(7000);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(7000);
  address.sin6_addr = in6addr_loopback;
  const int door = sim.socket(AF_INET6);
  EXPECT_EQ(sim.bind(door, address), 0);
  EXPECT_EQ(sim.listen(door, 1), 0);
  const int client = sim.socket(AF_INET6);
  EXPECT_EQ(sim.connect(client, address), -EINPROGRESS);
  sim.settle();
  sockaddr_in6 from{};
  uint32_t size = sizeof from;
  EXPECT_GE(sim.sys->accept(sim.sys->ctx, door, &from, &size), POE_SIM_FIRST_FD);
  EXPECT_EQ(size, sizeof from);
  EXPECT_TRUE(IN6_IS_ADDR_LOOPBACK(&from.sin6_addr));
}

TEST(SimTcpConnectTest, AFullBacklogMakesCallersWaitAndTryAgain) {
  Sim sim(plain());
  const int door = sim.listener(7000, 1);
  std::vector<int> callers;
  for (int i = 0; i < 3; ++i) callers.push_back(sim.caller(7000));
  sim.settle();
  EXPECT_EQ(sim.events(callers[1], POE_WRITE), POE_WRITE);
  EXPECT_EQ(sim.events(callers[2], POE_WRITE), 0U) << "a backlog of 1 holds two, as on Linux";
  EXPECT_GE(sim.accept(door), 0);
  sim.watch(callers[2], POE_WRITE);
  EXPECT_EQ(sim.step(10 * Sim::kSecond), 2) << "it comes through with its second try";
  EXPECT_EQ(sim.error_of(callers[2]), 0);
}

TEST(SimTcpConnectTest, ABacklogThatStaysFullIsATimeOut) {
  Sim sim(plain());
  sim.listener(7000, 0);
  sim.caller(7000);
  const int late = sim.caller(7000);
  const int64_t start = sim.now();
  sim.watch(late, POE_WRITE);
  EXPECT_EQ(sim.step(POE_NEVER_NS), 2);
  EXPECT_EQ(sim.error_of(late), ETIMEDOUT);
  EXPECT_EQ((sim.now() - start) / Sim::kSecond, 127);
}

TEST(SimTcpConnectTest, AClosedListenerResetsWhoWaited) {
  Sim sim;
  const int door = sim.listener(7000);
  const int client = sim.caller(7000);
  sim.settle();
  sim.close(door);
  sim.settle();
  EXPECT_EQ(sim.error_of(client), ECONNRESET);
}

TEST(SimTcpConnectTest, ACallerWhoLeavesEarlyIsSeenAsAReset) {
  Sim sim(Options{{"latency_us", "100-100"}});
  const int door = sim.listener(7000);
  const int client = sim.caller(7000);
  sim.sim->advance(sim.sim->ctx, 150'000);  // the call is there, the answer is not
  const int server = sim.accept(door);
  ASSERT_GE(server, 0);
  sim.close(client);
  sim.settle();
  sim.receive(server);
  EXPECT_EQ(sim.result, -ECONNRESET);
}

TEST(SimTcpConnectTest, AcceptStopsWhereDescriptorsDoAndGoesOnAfter) {
  Sim sim(Options{{"descriptors", "3"}, {"latency_us", "0"}});
  const int door = sim.listener(7000);
  sim.caller(7000);
  const int last = sim.socket(AF_INET);
  sim.settle();
  EXPECT_EQ(sim.accept(door), -EMFILE);
  EXPECT_EQ(sim.events(door, POE_READ), POE_READ) << "the connection still waits";
  sim.close(last);
  EXPECT_GE(sim.accept(door), POE_SIM_FIRST_FD);
}

TEST(SimTcpConnectTest, OptionsAreKeptAndUnknownOnesRefused) {
  Sim sim;
  const int fd = sim.socket(AF_INET);
  int value = 0;
  uint32_t size = sizeof value;
  EXPECT_EQ(sim.set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1), 0);
  EXPECT_EQ(sim.sys->getsockopt(sim.sys->ctx, fd, IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
  EXPECT_EQ(value, 1);
  EXPECT_EQ(sim.sys->getsockopt(sim.sys->ctx, fd, SOL_SOCKET, SO_TYPE, &value, &size), 0);
  EXPECT_EQ(value, SOCK_STREAM);
  EXPECT_EQ(sim.sys->getsockopt(sim.sys->ctx, fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size), 0);
  EXPECT_EQ(value, 0);
  EXPECT_EQ(sim.set_option(fd, SOL_SOCKET, SO_PEEK_OFF, 1), -ENOPROTOOPT);
  EXPECT_EQ(sim.set_option(sim.socket(AF_UNIX), IPPROTO_TCP, TCP_NODELAY, 1), -ENOPROTOOPT);
  EXPECT_EQ(sim.set_option(sim.socket(AF_INET6), IPPROTO_IPV6, IPV6_V6ONLY, 0), -ENOPROTOOPT);
}

}  // namespace
}  // namespace poe::test
