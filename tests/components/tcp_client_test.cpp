// SPDX-License-Identifier: MIT
#include "tcp_bench.hpp"

namespace poe::test {
namespace {

class TcpClientTest : public TcpTest {};
POE_ON_EVERY_LOOP(TcpClientTest);

TEST_P(TcpClientTest, RefusedIsAConnectErrorAndTheSessionEnds) {
  const SessionId server = serve(logging_server());
  with_server(server, [](TcpServer& s) { s.shutdown(); });
  settle();
  const SessionId client = connect(logging_client(port));
  until([&] { return !kernel.alive(client); });
  EXPECT_TRUE(said("C connect error connect " + std::to_string(ECONNREFUSED)));
}

TEST_P(TcpClientTest, ReconnectFromDisconnectedP163) {
  TcpServerOptions options = logging_server();
  options.client_connected = [this](TcpConnection& c) {
    note("S connected");
    if (count("S connected") < 3) c.shutdown();
  };
  serve(std::move(options));
  TcpClientOptions wanted = logging_client(port);
  wanted.disconnected = [](TcpClient& c) { c.yield(tcp::reconnect); };
  connect(std::move(wanted));
  until([&] { return count("S connected") == 3; });
}

TEST_P(TcpClientTest, ConnectGoesSomewhereElse) {
  serve(logging_server());
  TcpClientOptions wanted = logging_client(1);  // nobody is there
  wanted.connect_error = [this](TcpClient& c, const Error&) {
    note("C connect error");
    c.yield(tcp::connect, "127.0.0.1", std::to_string(port));
  };
  connect(std::move(wanted));
  until([&] { return said("C connected"); });
  EXPECT_EQ(count("C connect error"), 1);
}

TEST_P(TcpClientTest, RetriesWithGrowingCappedDelayUntilShutdownR61) {
  TcpClientOptions wanted = logging_client(1);
  wanted.alias = "client";
  BackoffOptions backoff;
  backoff.first = 2ms;
  backoff.cap = 16ms;
  wanted.retry = backoff;
  const SessionId client = connect(std::move(wanted));
  until([&] { return log.size() == 6; });
  with_client(client, [](TcpClient& c) {
    EXPECT_TRUE(c.next_attempt());
    c.shutdown();
  });
  settle();
  EXPECT_FALSE(kernel.alive(client)) << "shutdown while waiting ends it";
  EXPECT_EQ(log.size(), 6u);
}

TEST_P(TcpClientTest, RetryFindsTheServerThatComesBackR61) {
  TcpServerOptions options = logging_server();
  options.client_connected = [this](TcpConnection& c) {
    note("S connected");
    if (count("S connected") == 1) c.shutdown();
  };
  serve(std::move(options));
  TcpClientOptions wanted = logging_client(port);
  BackoffOptions backoff;
  backoff.first = 1ms;
  wanted.retry = backoff;
  connect(std::move(wanted));
  until([&] { return count("S connected") == 2 && count("C connected") == 2; });
}

TEST_P(TcpClientTest, PreConnectGivesUpSilently) {
  serve(logging_server());
  TcpClientOptions wanted = logging_client(port);
  wanted.pre_connect = [](TcpClient&, Fd, const SocketAddress&) { return Fd(); };
  const SessionId client = connect(std::move(wanted));
  until([&] { return !kernel.alive(client); });
  EXPECT_FALSE(said("C connected"));
  EXPECT_FALSE(said("C disconnected, wheel gone"));
}

TEST_P(TcpClientTest, ShutdownWhileConnectingEndsIt) {
  serve(logging_server());
  const SessionId client = connect(logging_client(port));
  with_client(client, [](TcpClient& c) { c.shutdown(); });
  until([&] { return !kernel.alive(client); });
  EXPECT_FALSE(said("C connected"));
}

TEST_P(TcpClientTest, PutsBeforeAConnectionAreRefused) {
  serve(logging_server());
  const SessionId client = connect(logging_client(port));
  with_client(client, [](TcpClient& c) {
    const auto refused = c.put("too early");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::closed);
  });
}

struct CountingSink final : LogSink {
  void write(LogLevel, std::string_view line) noexcept override { lines.emplace_back(line); }
  Log lines;
};

TEST_P(TcpClientTest, DefaultErrorCallbacksKeepQuietAtTheEndP164) {
  CountingSink sink;
  {
    TcpServerOptions options = logging_server();
    options.client_connected = [](TcpConnection& c) { c.shutdown(); };
    options.client_error = nullptr;
    options.log = &sink;
    serve(std::move(options));
    TcpClientOptions wanted = logging_client(port);
    wanted.server_error = nullptr;
    wanted.log = &sink;
    connect(std::move(wanted));
    until([&] { return said("C disconnected, wheel gone"); });
    EXPECT_EQ(sink.lines, Log{});
    TcpClientOptions refused = logging_client(1);
    refused.connect_error = nullptr;
    refused.log = &sink;
    const SessionId client = connect(std::move(refused));
    until([&] { return !kernel.alive(client); });
    ASSERT_EQ(sink.lines.size(), 1u);
    kernel.stop();
  }
}

TEST(BackoffTest, DelaysGrowToTheCapAndAreJitteredR61) {
  BackoffOptions options;
  options.first = 100ms;
  options.cap = 1s;
  options.jitter = 0.5;
  Backoff backoff(options, 42);
  Duration longest = 100ms;
  bool spread = false;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(backoff.longest(), longest);
    const Duration delay = backoff.next();
    EXPECT_LE(delay, longest);
    EXPECT_GE(delay, longest / 2 - 1ns);
    spread = spread || delay < longest * 9 / 10;
    longest = std::min<Duration>(longest * 2, options.cap);
  }
  EXPECT_TRUE(spread);
  backoff.reset();
  EXPECT_EQ(backoff.longest(), Duration(100ms));
}

TEST(BackoffTest, TwoSeedsWaitDifferently) {
  Backoff one({}, 1);
  Backoff two({}, 2);
  EXPECT_NE(one.next(), two.next());
}

TEST_P(TcpClientTest, ADrainEndsTheWaitForTheNextAttempt) {
  TcpClientOptions wanted = logging_client(1);
  wanted.alias = "client";
  BackoffOptions backoff;
  backoff.first = 1h;
  wanted.retry = backoff;
  const SessionId client = connect(std::move(wanted));
  until([&] { return said("C connect error connect " + std::to_string(ECONNREFUSED)); });
  ASSERT_TRUE(kernel.alive(client));
  ASSERT_TRUE(kernel.drain_then_stop(1h));
  settle();
  EXPECT_FALSE(kernel.alive(client));
}

TEST_P(TcpClientTest, ADrainLeavesWhatIsOpenAndConnectsNobody) {
  serve(logging_server());
  TcpClientOptions wanted = logging_client(port);
  wanted.retry = BackoffOptions();
  wanted.disconnected = [this](TcpClient& c) {
    note("C disconnected");
    c.yield(tcp::reconnect);
  };
  const SessionId client = connect(std::move(wanted));
  until([&] { return said("C connected"); });
  ASSERT_TRUE(kernel.drain_then_stop(1h));
  settle();
  EXPECT_TRUE(kernel.alive(client));
  EXPECT_FALSE(said("C disconnected"));
  with_client(client, [](TcpClient& c) { c.put("quit"); });
  settle();
  EXPECT_TRUE(said("S input quit")) << "an open connection is of no use any more";
}

}  // namespace
}  // namespace poe::test
