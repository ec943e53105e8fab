// SPDX-License-Identifier: MIT
// Datagram sockets of the simulated world.
#include <sys/un.h>

#include "sim_fixture.hpp"

namespace poe::test {
namespace {

int udp(Sim& sim, uint16_t port) {
  const int fd = sim.socket(AF_INET, SOCK_DGRAM);
  EXPECT_EQ(sim.bind(fd, Sim::ipv4(port)), 0);
  return fd;
}

int64_t send_to(Sim& sim, int fd, const std::string& bytes, sockaddr_in to) {
  const poe_iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  const poe_message message{sizeof message, 0, &to, sizeof to, 1, &part};
  return sim.sys->sendmsg(sim.sys->ctx, fd, &message);
}

TEST(SimDatagramTest, DatagramsKeepTheirEdgesAndTheirSender) {
  Sim sim;
  const int one = udp(sim, 7001), other = udp(sim, 7002);
  EXPECT_EQ(send_to(sim, one, "first", Sim::ipv4(7002)), 5);
  EXPECT_EQ(send_to(sim, one, "", Sim::ipv4(7002)), 0);
  EXPECT_EQ(send_to(sim, one, "third", Sim::ipv4(7002)), 5);
  sim.settle();
  char bytes[3];
  const poe_iovec part{bytes, sizeof bytes};
  sockaddr_in from{};
  poe_message message{sizeof message, 0, &from, sizeof from, 1, &part};
  EXPECT_EQ(sim.sys->recvmsg(sim.sys->ctx, other, &message), 3);
  EXPECT_EQ(message.flags, static_cast<uint32_t>(MSG_TRUNC));
  EXPECT_EQ(message.address_size, sizeof from);
  EXPECT_EQ(ntohs(from.sin_port), 7001);
  EXPECT_EQ(sim.receive(other), "");
  EXPECT_EQ(sim.result, 0);
  EXPECT_EQ(sim.receive(other), "third");
  sim.receive(other);
  EXPECT_EQ(sim.result, -EAGAIN);
}

TEST(SimDatagramTest, AConnectedSocketHearsOnlyItsPeer) {
  Sim sim;
  const int server = udp(sim, 7001), stranger = udp(sim, 7002);
  const int client = udp(sim, 7003);
  EXPECT_EQ(sim.connect(client, Sim::ipv4(7001)), 0);
  send_to(sim, stranger, "no", Sim::ipv4(7003));
  send_to(sim, server, "yes", Sim::ipv4(7003));
  sim.settle();
  EXPECT_EQ(sim.receive(client), "yes");
  EXPECT_EQ(sim.send(client, "question"), 8);
  sim.settle();
  EXPECT_EQ(sim.receive(server), "question");
}

TEST(SimDatagramTest, NobodyThereShowsOnAConnectedSocket) {
  Sim sim;
  const int client = sim.socket(AF_INET, SOCK_DGRAM);
  EXPECT_EQ(sim.send(client, "x"), -EDESTADDRREQ);
  EXPECT_EQ(sim.connect(client, Sim::ipv4(7001)), 0);
  EXPECT_EQ(sim.send(client, "x"), 1);
  sim.settle();
  EXPECT_EQ(sim.events(client, POE_READ), POE_READ | POE_ERROR);
  EXPECT_EQ(sim.error_of(client), ECONNREFUSED);
  EXPECT_EQ(sim.events(client, POE_READ), 0U);
}

TEST(SimDatagramTest, WhatFindsNoRoomIsLost) {
  Sim sim(Options{{"buffer", "10"}});
  const int one = udp(sim, 7001), other = udp(sim, 7002);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send_to(sim, one, "12345", Sim::ipv4(7002)), 5);
  sim.settle();
  EXPECT_EQ(sim.receive(other) + sim.receive(other), "1234512345");
  sim.receive(other);
  EXPECT_EQ(sim.result, -EAGAIN);
  EXPECT_EQ(send_to(sim, one, std::string(70'000, 'x'), Sim::ipv4(7002)), -EMSGSIZE);
}

TEST(SimDatagramTest, AUnixPairIsBoundedInsteadOfLossy) {
  Sim sim(Options{{"buffer", "10"}});
  int pair[2];
  ASSERT_EQ(sim.sys->socketpair(sim.sys->ctx, AF_UNIX, SOCK_DGRAM, 0, pair), 0);
  EXPECT_EQ(sim.send(pair[0], "12345678"), 8);
  EXPECT_EQ(sim.send(pair[0], "123"), -EAGAIN);
  EXPECT_EQ(sim.send(pair[0], "12"), 2);
  EXPECT_EQ(sim.events(pair[0], POE_WRITE), 0U);
  EXPECT_EQ(sim.receive(pair[1]), "12345678");
  EXPECT_EQ(sim.events(pair[0], POE_WRITE), POE_WRITE);
  sim.close(pair[1]);
  EXPECT_EQ(sim.send(pair[0], "x"), -ECONNREFUSED);
}

TEST(SimDatagramTest, UnixNamesReceiveAtOnce) {
  Sim sim;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  name.sun_path[0] = '/';
  name.sun_path[1] = 'd';
  const int server = sim.socket(AF_UNIX, SOCK_DGRAM), client = sim.socket(AF_UNIX, SOCK_DGRAM);
  EXPECT_EQ(sim.connect(client, name), -ENOENT);
  EXPECT_EQ(sim.bind(server, name), 0);
  EXPECT_EQ(sim.connect(client, name), 0);
  EXPECT_EQ(sim.send(client, "hello"), 5);
  EXPECT_EQ(sim.receive(server), "hello");
  EXPECT_EQ(sim.sys->kind(sim.sys->ctx, server), POE_KIND_DGRAM);
}

}  // namespace
}  // namespace poe::test
