// SPDX-License-Identifier: MIT
//
// TcpServer and TcpClient over TLS, on every loop.
#include "bare_client.hpp"
#include "tcp_bench.hpp"

namespace poe::test {
namespace {

class TlsTcpTest : public TcpTest {
 protected:
  TcpServerOptions secure_server(const std::string& certificate = "good") {
    TcpServerOptions options = logging_server();
    options.tls = server_context(certificate);
    options.client_error = [this](TcpConnection&, const Error& error) {
      note("S client error " + error.operation() + " " + std::string(to_string(error.code())));
    };
    return options;
  }
  TcpClientOptions secure_client() {
    TcpClientOptions options = logging_client(port);
    options.tls = client_context();
    options.connect_error = [this](TcpClient&, const Error& error) {
      note("C connect error " + error.operation() + " " + std::string(to_string(error.code())));
      last_error = error.message();
    };
    return options;
  }
  std::string last_error;
};
POE_ON_EVERY_LOOP(TlsTcpTest);

TEST_P(TlsTcpTest, OneLineOfOptionsOnEachSide) {
  serve(secure_server());
  TcpClientOptions wanted = secure_client();
  wanted.connected = [this](TcpClient& c) {
    note("C connected, " + tls_info(c.wheel().layer())->version);
    c.put("hello");
  };
  const SessionId client = connect(std::move(wanted));
  until([&] { return said("C input echo hello"); });
  with_client(client, [](TcpClient& c) { c.shutdown(); });
  until([&] { return said("S disconnected, wheel alive"); });
  EXPECT_TRUE(said("S connected"));
  EXPECT_TRUE(said("C connected, TLSv1.3"));
  EXPECT_TRUE(said("S client error read end_of_file")) << "an orderly end, nothing is cut off";
}

TEST_P(TlsTcpTest, AServerThatIsNotWhoItShouldBeIsAFailureToConnect) {
  serve(secure_server("other"));
  const SessionId client = connect(secure_client());
  until([&] { return !kernel.alive(client); });
  settle();
  EXPECT_TRUE(said("C connect error secure untrusted"));
  EXPECT_NE(last_error.find("connection to 127.0.0.1"), std::string::npos) << last_error;
  EXPECT_NE(last_error.find("IP address mismatch (CN=other, for DNS:other.example"), std::string::npos) << last_error;
  EXPECT_TRUE(said("S client error secure untrusted"));
  for (const char* never :
       {"C connected", "S connected", "C disconnected, wheel gone", "S disconnected, wheel alive"}) {
    EXPECT_FALSE(said(never)) << never;
  }
}

TEST_P(TlsTcpTest, ItTriesAgainAfterAFailedHandshakeR61) {
  serve(secure_server("expired"));
  TcpClientOptions wanted = secure_client();
  BackoffOptions backoff;
  backoff.first = 1ms;
  wanted.retry = backoff;
  const SessionId client = connect(std::move(wanted));
  until([&] { return count("C connect error secure untrusted") == 3; });
  with_client(client, [](TcpClient& c) { c.shutdown(); });
  until([&] { return !kernel.alive(client); });
}

TEST_P(TlsTcpTest, APlainClientIsToldApart) {
  serve(secure_server());
  TcpClientOptions plain = logging_client(port);
  plain.connected = [](TcpClient& c) { c.put("hello"); };
  const SessionId client = connect(std::move(plain));
  until([&] { return !kernel.alive(client); });
  settle();
  EXPECT_TRUE(said("S client error secure protocol"));
  EXPECT_FALSE(said("S connected"));
}

TEST_P(TlsTcpTest, AShutdownInTheHandshakeLastsNoLongerThanItsLimit) {
  TcpServerOptions silent = logging_server();
  silent.client_input = [](TcpConnection&, std::string_view) {};
  silent.client_error = [](TcpConnection&, const Error&) {};
  serve(std::move(silent));  // speaks no TLS and says nothing
  TcpClientOptions wanted = secure_client();
  wanted.shutdown_limit = 5ms;
  const SessionId client = connect(std::move(wanted));
  until([&] { return said("S connected"); });
  settle();
  with_client(client, [](TcpClient& c) {
    EXPECT_TRUE(c.put("never sent"));
    c.shutdown();
  });
  until([&] { return !kernel.alive(client); });
  EXPECT_FALSE(said("C connected"));
}

TEST_P(TlsTcpTest, AClientThatShutsDownAsSoonAsItIsConnectedWaitsForNothing) {
  serve(secure_server());
  TcpClientOptions wanted = secure_client();
  wanted.shutdown_limit = kForever;
  wanted.connected = [](TcpClient& c) { c.shutdown(); };
  const SessionId client = connect(std::move(wanted));
  until([&] { return !kernel.alive(client) && said("S disconnected, wheel alive"); });
  EXPECT_TRUE(said("S client error read end_of_file")) << "it has said goodbye";
}

TEST_P(TlsTcpTest, AServerThatShutsDownAsSoonAsItIsConnectedWaitsForNothing) {
  TcpServerOptions options = secure_server();
  options.shutdown_limit = kForever;
  options.client_connected = [](TcpConnection& c) { c.shutdown(); };
  serve(std::move(options));
  const SessionId client = connect(secure_client());
  until([&] { return !kernel.alive(client); });
  EXPECT_TRUE(said("C error end_of_file")) << "it has said goodbye";
}

TEST_P(TlsTcpTest, AClientThatHasNothingToSayIsNotKept) {
  TcpServerOptions options = secure_server();
  options.shutdown_limit = kForever;
  serve(std::move(options));
  BareClient client;
  client.on_open = [&] { client.side.layer->end(client.side.said); };  // in one read with the end of the handshake
  connect(client.options(port));
  until([&] { return said("S disconnected, wheel alive"); });
  until([&] { return client.ended; });
  EXPECT_TRUE(client.said_goodbye());
}

TEST_P(TlsTcpTest, MuchGoesBothWays) {
  constexpr int kLines = 3000;
  const std::string line(700, 'x');
  TcpServerOptions options = secure_server();
  int server_got = 0, client_got = 0;
  options.client_input = [&](TcpConnection& c, std::string_view text) {
    ++server_got;
    ASSERT_TRUE(c.put(text));
  };
  options.output_limit = 8 << 20;
  serve(std::move(options));
  TcpClientOptions wanted = secure_client();
  wanted.output_limit = 8 << 20;
  wanted.connected = [&](TcpClient& c) {
    for (int i = 0; i < kLines; ++i) ASSERT_TRUE(c.put(line));
  };
  wanted.server_input = [&](TcpClient& c, std::string_view text) {
    ASSERT_EQ(text, line);
    if (++client_got == kLines) c.shutdown();
  };
  const SessionId client = connect(std::move(wanted));
  until([&] { return !kernel.alive(client); });
  EXPECT_EQ(server_got, kLines);
  EXPECT_EQ(client_got, kLines);
}

}  // namespace
}  // namespace poe::test
