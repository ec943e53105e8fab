// SPDX-License-Identifier: MIT
// TCP of the simulated world: bytes, ends and resets of an open connection.
#include "sim_fixture.hpp"

namespace poe::test {
namespace {

TEST(SimTcpStreamTest, BytesTravelForAWhile) {
  Sim sim(Options{{"faults", "none"}, {"latency_us", "50-60"}});
  const auto [client, server] = sim.connection();
  EXPECT_EQ(sim.send(client, "ping"), 4);
  EXPECT_EQ(sim.events(server, POE_READ), 0U);
  const int64_t sent = sim.now();
  sim.watch(server, POE_READ);
  EXPECT_EQ(sim.step(Sim::kSecond), 2);
  EXPECT_GE(sim.now() - sent, 40'000);
  EXPECT_LE(sim.now() - sent, 60'000);
  EXPECT_EQ(sim.receive(server), "ping");
}

TEST(SimTcpStreamTest, AnEchoSurvivesShortReadsAndWrites) {
  for (const char* seed : {"1", "2", "3"}) {
    Sim sim(Options{{"seed", seed}, {"buffer", "1000"}});
    const auto [client, server] = sim.connection();
    std::string text;
    for (int i = 0; text.size() < 50'000; ++i) text += std::to_string(i) + "\n";
    std::string sent = text, kept, got;
    sim.watch(client, POE_READ | POE_WRITE);
    sim.watch(server, POE_READ);
    sim.in_turn = [&, client = client, server = server] {
      if (const int64_t count = sim.send(client, sent.substr(0, 4000)); count > 0)
        sent.erase(0, static_cast<size_t>(count));
      if (sent.empty()) sim.watch(client, POE_READ);
      kept += sim.receive(server);
      if (const int64_t count = sim.send(server, kept); count > 0) kept.erase(0, static_cast<size_t>(count));
      sim.watch(server, kept.empty() ? POE_READ : POE_READ | POE_WRITE);
      got += sim.receive(client);
    };
    for (int steps = 0; got.size() < text.size() && steps < 100'000; ++steps) sim.step(Sim::kSecond);
    EXPECT_TRUE(got == text) << "seed " << seed << ": " << got.size() << " of " << text.size() << " bytes";
  }
}

TEST(SimTcpStreamTest, AFullBufferIsWritableAgainOnceRead) {
  Sim sim(Options{{"faults", "none"}});
  const auto [client, server] = sim.connection();
  EXPECT_EQ(sim.send(client, std::string(100'000, 'x')), 65'536);
  EXPECT_EQ(sim.send(client, "y"), -EAGAIN);
  EXPECT_EQ(sim.events(client, POE_WRITE), 0U);
  sim.settle();
  EXPECT_EQ(sim.receive(server).size(), 65'536U);
  EXPECT_EQ(sim.events(client, POE_WRITE), POE_WRITE);
}

TEST(SimTcpStreamTest, TheSendBufferOptionIsObeyed) {
  Sim sim(Options{{"faults", "none"}});
  const auto [client, server] = sim.connection();
  EXPECT_EQ(sim.set_option(client, SOL_SOCKET, SO_SNDBUF, 100), 0);
  EXPECT_EQ(sim.send(client, std::string(1000, 'x')), 100);
  sim.close(server);
}

TEST(SimTcpStreamTest, HalfAConnectionCloses) {
  Sim sim(Options{{"faults", "none"}});
  const auto [client, server] = sim.connection();
  sim.send(client, "last");
  EXPECT_EQ(sim.shutdown(client, SHUT_WR), 0);
  EXPECT_EQ(sim.send(client, "x"), -EPIPE);
  sim.settle();
  EXPECT_EQ(sim.receive(server), "last");
  EXPECT_EQ(sim.events(server), POE_READ | POE_WRITE) << "an end is no hang-up while we may still send";
  sim.receive(server);
  EXPECT_EQ(sim.result, 0);
  EXPECT_EQ(sim.send(server, "answer"), 6);
  sim.settle();
  EXPECT_EQ(sim.receive(client), "answer");
  EXPECT_EQ(sim.shutdown(server, SHUT_WR), 0);
  sim.settle();
  EXPECT_EQ(sim.events(client), POE_READ | POE_WRITE | POE_HANGUP);
}

TEST(SimTcpStreamTest, ShutdownWantsAConnectionAndADirection) {
  Sim sim;
  const auto [client, server] = sim.connection();
  EXPECT_EQ(sim.shutdown(client, 9), -EINVAL);
  EXPECT_EQ(sim.shutdown(sim.socket(AF_INET), SHUT_WR), -ENOTCONN);
  EXPECT_EQ(sim.shutdown(server, SHUT_RD), 0);
  sim.receive(server);
  EXPECT_EQ(sim.result, 0) << "nothing more is read";
}

TEST(SimTcpStreamTest, ClosingWithUnreadBytesResets) {
  Sim sim(Options{{"faults", "none"}});
  const auto [client, server] = sim.connection();
  sim.send(server, "kept");
  sim.send(client, "never read");
  sim.settle();
  sim.close(server);
  sim.settle();
  EXPECT_EQ(sim.events(client), POE_READ | POE_WRITE | POE_ERROR | POE_HANGUP);
  EXPECT_EQ(sim.receive(client), "kept") << "what came before the reset is readable";
  sim.receive(client);
  EXPECT_EQ(sim.result, -ECONNRESET);
  sim.receive(client);
  EXPECT_EQ(sim.result, 0) << "the error is told once";
  EXPECT_EQ(sim.send(client, "x"), -EPIPE);
}

TEST(SimTcpStreamTest, WritingToWhoIsGoneComesBackAsAnError) {
  Sim sim(Options{{"faults", "none"}});
  const auto [client, server] = sim.connection();
  sim.close(server);
  sim.settle();
  EXPECT_EQ(sim.send(client, "x"), 1) << "nobody can know yet";
  sim.settle();
  EXPECT_EQ(sim.send(client, "y"), -EPIPE);
}

TEST(SimTcpStreamTest, LingerZeroBreaksOff) {
  Sim sim(Options{{"faults", "none"}});
  const auto [client, server] = sim.connection();
  const linger now{1, 0};
  EXPECT_EQ(sim.sys->setsockopt(sim.sys->ctx, client, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
  sim.close(client);
  sim.settle();
  EXPECT_EQ(sim.error_of(server), ECONNRESET);
}

TEST(SimTcpStreamTest, MessagesPeekAndCarryNoAddress) {
  Sim sim(Options{{"faults", "none"}});
  const auto [client, server] = sim.connection();
  char text[] = "abc", seen[8] = {};
  const poe_iovec out{text, 3}, in{seen, 8};
  poe_message message{sizeof message, MSG_NOSIGNAL, nullptr, 0, 1, &out};
  EXPECT_EQ(sim.sys->sendmsg(sim.sys->ctx, client, &message), 3);
  sim.settle();
  message = {sizeof message, MSG_PEEK, nullptr, 0, 1, &in};
  EXPECT_EQ(sim.sys->recvmsg(sim.sys->ctx, server, &message), 3);
  EXPECT_EQ(message.flags, 0U);
  EXPECT_EQ(sim.receive(server), "abc");
}

TEST(SimTcpStreamTest, BytesReachAReaderThatNeverLooksButNoMore) {
  Sim sim(Options{{"faults", "none"}, {"buffer", "10"}});
  const auto [client, server] = sim.connection();
  EXPECT_EQ(sim.send(client, std::string(100, 'x')), 10);
  sim.settle();
  EXPECT_EQ(sim.send(client, "x"), -EAGAIN) << "unread bytes fill the buffer as travelling ones do";
  EXPECT_EQ(sim.receive(server, 4).size(), 4U);
  EXPECT_EQ(sim.send(client, std::string(100, 'x')), 4);
}

}  // namespace
}  // namespace poe::test
