// SPDX-License-Identifier: MIT
// Unix stream sockets and socket pairs of the simulated world.
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "sim_fixture.hpp"

namespace poe::test {
namespace {

struct UnixName {
  explicit UnixName(const std::string& path) {
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    size = static_cast<uint32_t>(offsetof(sockaddr_un, sun_path) + path.size());
  }
  sockaddr_un address{};
  uint32_t size;
};

int bind(Sim& sim, int fd, const UnixName& name) { return sim.sys->bind(sim.sys->ctx, fd, &name.address, name.size); }
int connect(Sim& sim, int fd, const UnixName& name) {
  return sim.sys->connect(sim.sys->ctx, fd, &name.address, name.size);
}

int listener(Sim& sim, const std::string& path, int backlog = 4) {
  const int fd = sim.socket(AF_UNIX);
  EXPECT_EQ(bind(sim, fd, UnixName(path)), 0);
  EXPECT_EQ(sim.listen(fd, backlog), 0);
  return fd;
}

TEST(SimUnixTest, ConnectingIsDoneAtOnce) {
  Sim sim(plain());
  const int door = listener(sim, "/run/door");
  const int client = sim.socket(AF_UNIX);
  EXPECT_EQ(connect(sim, client, UnixName("/run/door")), 0);
  const int server = sim.accept(door);
  EXPECT_EQ(sim.send(client, "hello"), 5);
  EXPECT_EQ(sim.receive(server), "hello");
  sockaddr_un name{};
  uint32_t size = sizeof name;
  EXPECT_EQ(sim.sys->getsockname(sim.sys->ctx, server, &name, &size), 0);
  EXPECT_STREQ(name.sun_path, "/run/door");
  EXPECT_EQ(size, offsetof(sockaddr_un, sun_path) + 10);
  size = sizeof name;
  EXPECT_EQ(sim.sys->getpeername(sim.sys->ctx, server, &name, &size), 0);
  EXPECT_EQ(size, sizeof(sa_family_t)) << "a client without a name has none to tell";
}

TEST(SimUnixTest, NamesMayBeAbstractOrChosen) {
  Sim sim(plain());
  const std::string hidden("\0hidden", 7);
  listener(sim, hidden);
  EXPECT_EQ(connect(sim, sim.socket(AF_UNIX), UnixName(hidden)), 0);
  const int fd = sim.socket(AF_UNIX);
  EXPECT_EQ(bind(sim, fd, UnixName("")), 0);
  sockaddr_un name{};
  uint32_t size = sizeof name;
  EXPECT_EQ(sim.sys->getsockname(sim.sys->ctx, fd, &name, &size), 0);
  EXPECT_EQ(size, sizeof(sa_family_t) + 6);
}

TEST(SimUnixTest, MissingAndSilentNamesAreToldApart) {
  Sim sim(plain());
  EXPECT_EQ(connect(sim, sim.socket(AF_UNIX), UnixName("/nowhere")), -ENOENT);
  EXPECT_EQ(connect(sim, sim.socket(AF_UNIX), UnixName(std::string("\0no", 3))), -ECONNREFUSED);
  const int mute = sim.socket(AF_UNIX);
  EXPECT_EQ(bind(sim, mute, UnixName("/mute")), 0);
  EXPECT_EQ(connect(sim, sim.socket(AF_UNIX), UnixName("/mute")), -ECONNREFUSED);
  EXPECT_EQ(bind(sim, sim.socket(AF_UNIX), UnixName("/mute")), -EADDRINUSE);
  const UnixName name("/x");
  EXPECT_EQ(sim.sys->bind(sim.sys->ctx, sim.socket(AF_UNIX), &name.address, 200), -EINVAL) << "too long";
}

TEST(SimUnixTest, AFullBacklogAsksToTryAgain) {
  Sim sim(plain());
  const int door = listener(sim, "/door", 0);
  EXPECT_EQ(connect(sim, sim.socket(AF_UNIX), UnixName("/door")), 0);
  const int second = sim.socket(AF_UNIX);
  EXPECT_EQ(connect(sim, second, UnixName("/door")), -EAGAIN);
  EXPECT_GE(sim.accept(door), 0);
  EXPECT_EQ(connect(sim, second, UnixName("/door")), 0);
}

std::pair<int, int> couple(Sim& sim, int type = SOCK_STREAM) {
  int pair[2] = {-1, -1};
  EXPECT_EQ(sim.sys->socketpair(sim.sys->ctx, AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
  return {pair[0], pair[1]};
}

TEST(SimUnixTest, APairTalksBothWaysAtOnce) {
  Sim sim(plain());
  const auto [one, other] = couple(sim);
  sim.send(one, "there");
  sim.send(other, "back");
  EXPECT_EQ(sim.receive(other), "there");
  EXPECT_EQ(sim.receive(one), "back");
  EXPECT_EQ(sim.sys->kind(sim.sys->ctx, one), POE_KIND_STREAM);
}

TEST(SimUnixTest, AClosedPeerIsAHangUp) {
  Sim sim(plain());
  const auto [one, other] = couple(sim);
  sim.send(one, "bye");
  sim.close(one);
  EXPECT_EQ(sim.events(other), POE_READ | POE_WRITE | POE_HANGUP);
  EXPECT_EQ(sim.send(other, "x"), -EPIPE);
  EXPECT_EQ(sim.receive(other), "bye");
  sim.receive(other);
  EXPECT_EQ(sim.result, 0);
}

TEST(SimUnixTest, ClosingWithUnreadBytesResets) {
  Sim sim(plain());
  const auto [one, other] = couple(sim);
  sim.send(one, "never read");
  sim.close(other);
  sim.receive(one);
  EXPECT_EQ(sim.result, -ECONNRESET);
}

TEST(SimUnixTest, WhoStopsReadingBreaksTheOthersWrites) {
  Sim sim(plain());
  const auto [one, other] = couple(sim);
  sim.send(one, "x");
  EXPECT_EQ(sim.shutdown(other, SHUT_RD), 0);
  EXPECT_EQ(sim.send(one, "y"), -EPIPE);
  EXPECT_EQ(sim.receive(other), "x") << "what was there stays";
  EXPECT_EQ(sim.send(other, "z"), 1);
  EXPECT_EQ(sim.receive(one), "z");
}

TEST(SimUnixTest, NoPairsOfTcpSockets) {
  Sim sim;
  int pair[2];
  EXPECT_EQ(sim.sys->socketpair(sim.sys->ctx, AF_INET, SOCK_STREAM, 0, pair), -EOPNOTSUPP);
}

}  // namespace
}  // namespace poe::test
