// SPDX-License-Identifier: MIT
//
// HttpServer over TLS where a connection is cut: by the client, and by who ends the session.
#include "bare_client.hpp"
#include "http_bench.hpp"
#include "poe/components/http_events.hpp"
#include "poe/components/http_socket.hpp"

namespace poe::test {
namespace {

class TlsHttpTest : public HttpTest {
 protected:
  HttpServerOptions secure_options() {
    HttpServerOptions options = server_options();
    options.tls = server_context();
    return options;
  }
  /// Says `request` on a connection of its own, and runs until the answer has `text` in it.
  void ask_for(const std::string& request, const std::string& text) {
    id = connect(client.options(port));
    until([this] { return client.opened; });
    with_client(id, [&](TcpClient& c) { client.say(c, request); });
    until([&] { return client.heard(text) || client.ended; });
    ASSERT_FALSE(client.ended) << client.side.heard;
  }
  /// Without the goodbye that TLS demands.
  void cut_off() {
    with_client(id, [](TcpClient& c) { c.shutdown(); });
  }
  std::size_t connections(SessionId server) {
    std::size_t count = 0;
    EXPECT_TRUE(kernel.with<HttpServer>(server, [&](HttpServer& s) { count = s.connections(); }));
    return count;
  }
  /// An answer that lasts as long as its connection, and what it said before the test goes on.
  SessionId begin_half_an_answer() {
    HttpServerOptions options = secure_options();
    options.routes.get("/", [this](HttpExchange exchange) {
      connection = kernel.current();
      kept = std::move(exchange);
      EXPECT_TRUE(kept.begin(HttpResponse(200)));
      EXPECT_TRUE(kept.write("half"));
    });
    const SessionId server = serve_http(std::move(options));
    ask_for("GET / HTTP/1.0\r\n\r\n", "half");
    return server;
  }

  BareClient client;
  SessionId id;
  SessionId connection;
  HttpExchange kept;
};
POE_ON_EVERY_LOOP(TlsHttpTest);

TEST_P(TlsHttpTest, AnAnswerEndsWithTheGoodbye) {
  HttpServerOptions options = secure_options();
  options.routes.get("/", [](HttpExchange exchange) { exchange.respond(200, "whole"); });
  serve_http(std::move(options));
  ask_for("GET / HTTP/1.0\r\n\r\n", "whole");
  until([this] { return client.said_goodbye(); });
}

TEST_P(TlsHttpTest, AClientThatIsCutOffEndsItsEventStream) {
  HttpServerOptions options = secure_options();
  HttpEvents events;
  options.routes.get("/events", [&](HttpExchange exchange) {
    events = *HttpEvents::begin(std::move(exchange));
    events.on_gone([this] { note("gone"); });
  });
  serve_http(std::move(options));
  ask_for("GET /events HTTP/1.1\r\nHost: a\r\n\r\n", "event-stream");
  cut_off();
  until([this] { return said("gone"); });
}

TEST_P(TlsHttpTest, AClientThatIsCutOffIsNotWaitedFor) {
  HttpServerOptions options = secure_options();
  options.linger_time = kForever;
  options.routes.get("/", [](HttpExchange exchange) { exchange.respond(200, "the last"); });
  const SessionId server = serve_http(std::move(options));
  ask_for("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "the last");
  cut_off();
  until([&] { return connections(server) == 0; });
}

TEST_P(TlsHttpTest, AClientThatIsCutOffIsAnsweredAllTheSame) {
  HttpServerOptions options = secure_options();
  options.routes.get("/", [this](HttpExchange exchange) {
    note("asked");
    kept = std::move(exchange);
  });
  const SessionId server = serve_http(std::move(options));
  ask_for("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "");
  until([this] { return said("asked"); });
  with_client(id, [](TcpClient& c) { c.wheel().shutdown_output(); });
  settle();
  EXPECT_TRUE(kept.respond(200, std::string(3'000'000, 'x') + "end"));
  until([&] { return client.heard("xend") || client.ended; });
  EXPECT_TRUE(client.heard("xend")) << client.side.heard.size();
  until([&] { return connections(server) == 0; });
}

TEST_P(TlsHttpTest, AWebSocketThatIsCutOffClosesWith1006) {
  HttpServerOptions options = secure_options();
  options.routes.get("/ws", [this](HttpExchange exchange) {
    HttpSocketOptions wanted;
    wanted.closed = [this](std::uint16_t code) { note("closed " + std::to_string(code)); };
    EXPECT_TRUE(HttpSocket::accept(std::move(exchange), std::move(wanted)));
  });
  serve_http(std::move(options));
  ask_for(
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      "101 Switching");
  cut_off();
  until([this] { return !log.empty(); });
  EXPECT_EQ(log, Log{"closed 1006"});
}

// An HTTP/1.0 answer ends where its connection ends: TLS must not vouch for half of one.
TEST_P(TlsHttpTest, HalfAnAnswerOfAKilledSessionIsNotTheEnd) {
  begin_half_an_answer();
  ASSERT_TRUE(kernel.signal(connection, "KILL"));
  until([this] { return client.ended; });
  EXPECT_FALSE(client.said_goodbye());
}

TEST_P(TlsHttpTest, HalfAnAnswerOfASessionThatIsShutDownIsNotTheEnd) {
  begin_half_an_answer();
  ASSERT_TRUE(kernel.post(connection, tcp::shutdown));
  until([this] { return client.ended; });
  EXPECT_FALSE(client.said_goodbye());
}

}  // namespace
}  // namespace poe::test
