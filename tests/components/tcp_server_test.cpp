// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "tcp_bench.hpp"

namespace poe::test {
namespace {

class TcpServerTest : public TcpTest {};
POE_ON_EVERY_LOOP(TcpServerTest);

TEST_P(TcpServerTest, EachConnectionIsASessionThatEndsWithIt) {
  const SessionId server = serve(logging_server());
  const SessionId one = connect(logging_client(port));
  until([&] { return said("S connected") && said("C connected"); });
  EXPECT_EQ(kernel.session_count(), 3u);
  with_client(one, [](TcpClient& c) { ASSERT_TRUE(c.put("hello")); });
  until([&] { return said("C input echo hello"); });
  with_client(one, [](TcpClient& c) { c.shutdown(); });
  until([&] { return said("S disconnected, wheel alive"); });
  settle();
  EXPECT_TRUE(said("C disconnected, wheel gone")) << "P159";
  EXPECT_EQ(kernel.session_count(), 1u);
  with_server(server, [](TcpServer& s) { EXPECT_EQ(s.connections(), 0u); });
}

TEST_P(TcpServerTest, ListenerShutdownLeavesConnectionsAndDropsTheAliasP162) {
  TcpServerOptions options = logging_server();
  options.alias = "echo";
  const SessionId server = serve(std::move(options));
  EXPECT_EQ(kernel.resolve("echo"), server);
  const SessionId client = connect(logging_client(port));
  until([&] { return said("S connected") && said("C connected"); });
  ASSERT_TRUE(kernel.post(server, tcp::shutdown));
  settle();
  EXPECT_FALSE(kernel.resolve("echo"));
  EXPECT_FALSE(said("S stopped")) << "it has a connection";
  with_client(client, [](TcpClient& c) { c.put("still"); });
  until([&] { return said("C input echo still"); });
  connect(logging_client(port));
  until([&] { return said("C connect error connect " + std::to_string(ECONNREFUSED)); });
  with_client(client, [](TcpClient& c) { c.shutdown(); });
  until([&] { return said("S stopped"); });
}

TEST_P(TcpServerTest, ConcurrencyLimitsAndResumesP161) {
  TcpServerOptions options = logging_server();
  options.concurrency = 2;
  const SessionId server = serve(std::move(options));
  std::vector<SessionId> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(connect(logging_client(port)));
  until([&] { return count("C connected") == 4; });  // the others wait in the backlog
  settle();
  EXPECT_EQ(count("S connected"), 2);
  for (const SessionId client : clients) with_client(client, [](TcpClient& c) { c.put("x"); });
  settle();
  EXPECT_EQ(count("C input echo x"), 2);
  for (const SessionId client : clients) {
    std::vector<std::string> before = log;
    with_client(client, [](TcpClient& c) { c.shutdown(); });
  }
  until([&] { return count("S connected") == 4; });
  settle();
  with_server(server, [](TcpServer& s) { EXPECT_EQ(s.connections(), 0u); });
}

TEST_P(TcpServerTest, SetConcurrencyTakesEffectP161) {
  TcpServerOptions options = logging_server();
  options.concurrency = 0;
  const SessionId server = serve(std::move(options));
  connect(logging_client(port));
  settle();
  EXPECT_EQ(count("S connected"), 0);
  ASSERT_TRUE(kernel.post(server, tcp::set_concurrency, std::size_t{1}));
  until([&] { return said("S connected"); });
}

TEST_P(TcpServerTest, ShutdownWaitsForTheFlushAndTakesNoMoreInputP159P160) {
  TcpServerOptions options = logging_server();
  const std::string big(100000, 'b');
  options.client_input = [&](TcpConnection& c, std::string_view line) {
    note("S input " + std::string(line));
    for (int i = 0; i < 20; ++i) c.put(big);
    c.shutdown();
    EXPECT_FALSE(c.put("too late"));
  };
  serve(std::move(options));
  TcpClientOptions wanted = logging_client(port);
  wanted.filter = LineOptions([] {
    LineOptions lines;
    lines.max_length = 200000;
    return lines;
  }());
  std::size_t octets = 0;
  wanted.server_input = [&](TcpClient&, std::string_view line) { octets += line.size(); };
  const SessionId client = connect(std::move(wanted));
  until([&] { return said("C connected"); });
  with_client(client, [](TcpClient& c) {
    c.put("one");
    c.put("two");  // arrives in the same read
  });
  until([&] { return said("C disconnected, wheel gone"); });
  EXPECT_EQ(octets, 20 * big.size()) << "all that was put came out";
  EXPECT_TRUE(said("C error end_of_file"));
  EXPECT_EQ(count("S input one"), 1);
  EXPECT_EQ(count("S input two"), 0) << "P160";
}

TEST_P(TcpServerTest, AHalfClosingPeerGetsItsAnswers) {
  serve(logging_server());
  const SessionId client = connect(logging_client(port));
  until([&] { return said("C connected"); });
  with_client(client, [](TcpClient& c) {
    c.put("question");
    c.wheel().shutdown_output();
  });
  until([&] { return said("C disconnected, wheel gone"); });
  EXPECT_TRUE(said("C input echo question"));
  EXPECT_TRUE(said("S client error end_of_file"));
}

TEST_P(TcpServerTest, PreConnectRefuses) {
  TcpServerOptions options = logging_server();
  int asked = 0;
  options.client_pre_connect = [&](TcpConnection&, Fd socket, const SocketAddress& peer) {
    EXPECT_EQ(peer.host(), "127.0.0.1");
    return ++asked == 1 ? Fd() : std::move(socket);
  };
  const SessionId server = serve(std::move(options));
  connect(logging_client(port));
  until([&] { return said("C disconnected, wheel gone"); });
  EXPECT_FALSE(said("S connected"));
  connect(logging_client(port));
  until([&] { return said("S connected"); });
  with_server(server, [](TcpServer& s) { EXPECT_EQ(s.connections(), 1u); });
}

TEST_P(TcpServerTest, NeitherSideWaitsForAcknowledgementsUnlessAskedTo) {
  if (simulated()) return;  // nobody waits there, and an option is not passed on
  for (const bool no_delay : {true, false}) {
    std::vector<bool> set;
    const auto look = [&](Fd socket) {
      int value = 0;
      std::uint32_t size = sizeof value;
      const poe_sys& system = socket.system();
      EXPECT_EQ(system.getsockopt(system.ctx, socket.get(), IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
      set.push_back(value != 0);
      return socket;
    };
    TcpServerOptions server = logging_server();
    if (!no_delay) server.no_delay = false;
    server.client_pre_connect = [&](TcpConnection&, Fd socket, const SocketAddress&) {
      return look(std::move(socket));
    };
    port = 0;
    serve(std::move(server));
    TcpClientOptions client = logging_client(port);
    if (!no_delay) client.no_delay = false;
    client.pre_connect = [&](TcpClient&, Fd socket, const SocketAddress&) { return look(std::move(socket)); };
    connect(std::move(client));
    until([&] { return set.size() == 2; });
    EXPECT_EQ(set, std::vector<bool>(2, no_delay));
    settle();  // while `set` is there
  }
}

TEST_P(TcpServerTest, AnAcceptorTakesTheSocketsItself) {
  TcpServerOptions options("127.0.0.1", 0);
  options.started = [this](TcpServer& server) { port = server.local_address()->port(); };
  std::vector<Fd> taken;
  options.acceptor = [&](TcpServer&, Accepted accepted) { taken.push_back(std::move(accepted.socket)); };
  serve(std::move(options));
  connect(logging_client(port));
  until([&] { return taken.size() == 1; });
  taken.clear();
  until([&] { return said("C disconnected, wheel gone"); });
}

TEST_P(TcpServerTest, AConnectionMayBeAClassOfItsOwn) {
  struct Polite : TcpConnection {
    Polite(Birth birth, TcpSeed seed, const std::string& greeting)
        : TcpConnection(std::move(birth), std::move(seed)), greeting_(greeting) {}
    static void handlers(Handlers<Polite>& table) { TcpConnection::handlers(table); }
    void opened() override { put(greeting_); }
    void input(std::string_view line) override { put("you said " + std::string(line)); }
    std::string greeting_;
  };
  TcpServerOptions options = logging_server();
  options.connection<Polite>(std::string("welcome"));
  serve(std::move(options));
  const SessionId client = connect(logging_client(port));
  until([&] { return said("C input welcome"); });
  with_client(client, [](TcpClient& c) { c.put("hi"); });
  until([&] { return said("C input you said hi"); });
}

TEST_P(TcpServerTest, AThrowingCallbackEndsThatConnectionAloneR66) {
  TcpServerOptions options = logging_server();
  options.client_input = [this](TcpConnection& c, std::string_view line) {
    if (line == "bad") throw std::runtime_error("bad");
    c.put(line);
    note("S fine");
  };
  serve(std::move(options));
  const SessionId bad = connect(logging_client(port));
  const SessionId good = connect(logging_client(port));
  until([&] { return count("C connected") == 2; });
  // DIE goes to the session and its ancestors; the listener is one, so somebody must say that it is handled.
  with_client(bad, [](TcpClient& c) { c.put("bad"); });
  with_client(good, [](TcpClient& c) { c.put("good"); });
  std::vector<SignalWatch> watches;
  const auto ran = kernel.run_while([&] { return !said("C disconnected, wheel gone") && !said("S fine"); });
  EXPECT_TRUE(ran || ran.error().code() == Errc::exception);
}

TEST_P(TcpServerTest, AFullLineIsAnErrorThatIsToldAndTheConnectionEnds) {
  TcpServerOptions options = logging_server();
  LineOptions lines;
  lines.max_length = 100;
  options.filter = lines;
  serve(std::move(options));
  const SessionId client = connect(logging_client(port));
  until([&] { return said("C connected"); });
  with_client(client, [](TcpClient& c) {
    c.put("fine");
    c.put(std::string(1000, 'x'));
  });
  until([&] { return said("C disconnected, wheel gone"); });
  EXPECT_TRUE(said("S client error limit"));
  EXPECT_TRUE(said("C input echo fine"));
}

TEST_P(TcpServerTest, BindFailuresAreReportedP132) {
  serve(logging_server());
  TcpServerOptions second = logging_server();
  second.port = port;
  kernel.spawn<TcpServer>(std::move(second));
  until([&] { return said("S error bind") || said("S error listen"); });
}

TEST_P(TcpServerTest, ListensOnAUnixPathWhoseFileStays) {
  const std::string path = unix_path();
  TcpServerOptions options = logging_server();
  options.domain = SocketDomain::local;
  options.address = path;
  options.port = {};
  std::string where;
  options.started = [&](TcpServer& server) { where = server.local_address()->to_string(); };
  const SessionId server = kernel.spawn<TcpServer>(std::move(options));
  EXPECT_EQ(where, path);
  TcpClientOptions wanted = logging_client({});
  wanted.domain = SocketDomain::local;
  wanted.remote_address = path;
  const SessionId client = connect(std::move(wanted));
  until([&] { return said("S connected") && said("C connected"); });
  with_client(client, [&](TcpClient& c) {
    EXPECT_EQ(c.peer().path(), path);
    c.put("hello");
  });
  until([&] { return said("C input echo hello"); });
  with_client(client, [](TcpClient& c) { c.shutdown(); });
  with_server(server, [](TcpServer& s) { s.shutdown(); });
  until([&] { return said("S stopped"); });
  EXPECT_EQ(log.size(), std::size_t{8}) << "no errors";
  EXPECT_EQ(std::filesystem::exists(path), !simulated()) << "P138";
}

TEST_P(TcpServerTest, ListensOnANameAndIsFoundByIt) {
  TcpServerOptions options = logging_server();
  options.address = "localhost";
  const SessionId server = kernel.spawn<TcpServer>(std::move(options));
  EXPECT_EQ(port, 0) << "the name has to be looked up first";
  until([&] {
    with_server(server, [&](TcpServer& s) {
      if (const auto address = s.local_address()) port = address->port();
    });
    return port != 0;
  });
  TcpClientOptions wanted = logging_client(port);
  wanted.remote_address = "localhost";
  const SessionId client = connect(std::move(wanted));
  until([&] { return said("S connected") && said("C connected"); });
  with_client(client, [](TcpClient& c) { c.put("hello"); });
  until([&] { return said("C input echo hello"); });
}

TEST_P(TcpServerTest, ANameNobodyHasIsAnError) {
  TcpServerOptions options = logging_server();
  options.address = "no-such-name.invalid";
  kernel.spawn<TcpServer>(std::move(options));
  until([&] { return said("S error getaddrinfo"); });
}

TEST_P(TcpServerTest, WrongOptionsAreBugs) {
  const auto spawned = [&](TcpServerOptions options) {
    return kernel.alive(kernel.spawn<TcpServer>(std::move(options)));
  };
  EXPECT_FALSE(spawned(TcpServerOptions("127.0.0.1", 0))) << "neither acceptor nor client_input";
}

}  // namespace
}  // namespace poe::test
