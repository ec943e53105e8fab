// SPDX-License-Identifier: MIT
//
// What comes after HTTP: tunnels, WebSockets; and event streams.
#include <stdexcept>

#include "http_bench.hpp"
#include "poe/components/http_events.hpp"
#include "poe/components/http_socket.hpp"

namespace poe::test {
namespace {

class HttpUpgradeTest : public HttpTest {
 protected:
  static constexpr const char* kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  static std::string handshake(const std::string& more = kKey, const std::string& version = "13") {
    return "GET /ws HTTP/1.1\r\nHost: here:80\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: " +
           version + "\r\n" + more + "\r\n";
  }
  /// A client's frame.
  static std::string frame(WebSocketKind kind, std::string_view text) {
    WebSocketOptions options = WebSocketOptions::client();
    options.mask = [] { return 0x01020304U; };
    std::string out;
    EXPECT_TRUE(WebSocketFilter(std::move(options)).encode_as(kind, text, out));
    return out;
  }
  static std::string close_frame(std::uint16_t code) {
    std::string out;
    EXPECT_TRUE(WebSocketFilter(WebSocketOptions::client()).encode_close(code, "", out));
    return out;
  }
  HttpSocketOptions echo() {
    HttpSocketOptions options;
    options.opened = [this](HttpSocket&) { note("opened"); };
    options.message = [this](HttpSocket& socket, std::string_view text, WebSocketKind kind) {
      note("got " + std::string(text));
      if (text == "throw") throw std::runtime_error("no luck");
      if (text == "bye") return socket.close(4000, "as you wish");
      EXPECT_TRUE(socket.send("echo " + std::string(text), kind));
    };
    options.closed = [this](std::uint16_t code) { note("closed " + std::to_string(code)); };
    return options;
  }
  void serve_socket() {
    HttpServerOptions options = server_options();
    options.routes.get("/ws", [this](HttpExchange exchange) {
      auto accepted = HttpSocket::accept(std::move(exchange), echo());
      note(accepted ? "accepted" : "refused");
      if (accepted) socket = std::move(*accepted);
    });
    options.routes.get("/*", tell());
    serve_http(std::move(options));
  }
  HttpSocket socket;
};
POE_ON_EVERY_LOOP(HttpUpgradeTest);

TEST_P(HttpUpgradeTest, AWebSocketEchoes) {
  serve_socket();
  const Client client = dial();
  say(client, handshake() + frame(WebSocketKind::text, "early"));  // in one packet
  const std::string first = until_heard(client, "echo early");
  EXPECT_TRUE(first.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << first;
  EXPECT_TRUE(has(first, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_FALSE(has(first, "Connection: close"));
  EXPECT_EQ(log, (Log{"opened", "accepted", "got early"}));
  say(client, frame(WebSocketKind::ping, "p") + frame(WebSocketKind::binary, "two"));
  const std::string second = until_heard(client, "echo two");
  EXPECT_EQ(second, std::string("\x8a\x01p\x82\x08") + "echo two");
  EXPECT_TRUE(socket.send("by itself"));
  EXPECT_EQ(until_heard(client, "itself"), "\x81\x09" + std::string("by itself"));
  say(client, close_frame(1001));
  until([&] { return heard(client).ended; });
  EXPECT_EQ(heard(client).text, std::string("\x88\x02\x03\xe9", 4));
  until([&] { return said("closed 1001"); });
  EXPECT_FALSE(socket);
  EXPECT_EQ(socket.send("x").error().code(), Errc::closed);
}

TEST_P(HttpUpgradeTest, EndsOfAWebSocket) {
  serve_socket();
  const Client bye = dial();
  say(bye, handshake() + frame(WebSocketKind::text, "bye") + frame(WebSocketKind::text, "unheard"));
  until([&] { return heard(bye).ended && said("closed 4000"); });
  EXPECT_TRUE(has(heard(bye).text, "as you wish"));
  EXPECT_FALSE(said("got unheard"));
  log.clear();
  const Client rude = dial();
  say(rude, handshake() + std::string(20, '\xff'));
  until([&] { return heard(rude).ended && said("closed 1002"); });
  EXPECT_TRUE(has(heard(rude).text, std::string("\x88\x02\x03\xea", 4)));
  log.clear();
  const Client away = dial();
  say(away, handshake());
  until_heard(away, "\r\n\r\n");
  hang_up(away);
  until([&] { return said("closed 1006"); });
  EXPECT_FALSE(socket);
  const Client thrower = dial();
  say(thrower, handshake() + frame(WebSocketKind::text, "throw"));
  until([&] { return heard(thrower).ended; });
  ASSERT_EQ(warnings.lines.size(), 1u);
  EXPECT_TRUE(has(warnings.lines[0], "no luck")) << warnings.lines[0];
}

TEST_P(HttpUpgradeTest, OurClosingCodeStandsWhenTheClientAnswersIt) {
  serve_socket();
  const Client client = dial();
  say(client, handshake());
  until_heard(client, "\r\n\r\n");
  socket.close(4001);
  EXPECT_EQ(until_heard(client, "\x0f\xa1"), std::string("\x88\x02\x0f\xa1", 4));
  say(client, close_frame(4001));
  hang_up(client);
  until([&] { return log.size() == 3; });
  EXPECT_EQ(log.back(), "closed 4001");
}

TEST_P(HttpUpgradeTest, PingsKeepASocketAndASilentClientIsGone) {
  HttpServerOptions options = server_options();
  options.routes.get("/ws", [this](HttpExchange exchange) {
    HttpSocketOptions pinging = echo();
    pinging.ping_interval = 20ms;
    pinging.ping_limit = 3;
    ASSERT_TRUE(HttpSocket::accept(std::move(exchange), std::move(pinging)));
  });
  serve_http(std::move(options));
  const std::string ping("\x89\x00", 2);
  const Client client = dial();
  say(client, handshake());
  until_heard(client, "\r\n\r\n");
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(until_heard(client, ping), ping) << "after " << i;
    say(client, frame(WebSocketKind::pong, ""));
  }
  EXPECT_FALSE(said("closed 1006"));
  const TimePoint began = kernel.now();
  until([&] { return heard(client).ended && said("closed 1006"); });
  EXPECT_GE(kernel.now() - began, 60ms) << "as many intervals";
  EXPECT_LE(heard(client).text.size(), 4 * ping.size());
  EXPECT_TRUE(has(heard(client).text, ping));
}

TEST_P(HttpUpgradeTest, AnUpgradeBehindTheClientsEndEndsToo) {
  HttpServerOptions options = server_options();
  HttpExchange kept;
  options.routes.get("/*", [&](HttpExchange exchange) { kept = std::move(exchange); });
  serve_http(std::move(options));
  const auto left = [&](const std::string& request) {
    const Client client = dial();
    say(client, request);
    with_client(ids[static_cast<std::size_t>(client)], [](TcpClient& c) { c.wheel().shutdown_output(); });
    until([&] { return static_cast<bool>(kept); });
    settle();
    return client;
  };
  const Client socket_client = left(handshake());
  EXPECT_TRUE(HttpSocket::accept(std::move(kept), echo()));
  until([&] { return heard(socket_client).ended && said("closed 1006"); });
  const Client events_client = left("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  auto events = HttpEvents::begin(std::move(kept));
  ASSERT_TRUE(events);
  EXPECT_FALSE(*events);
  until([&] { return heard(events_client).ended; });
}

TEST_P(HttpUpgradeTest, HandshakesThatAreNone) {
  serve_socket();
  const std::string key = kKey;
  EXPECT_EQ(status_of(ask_for("GET /ws")), "HTTP/1.1 426 Upgrade Required");
  const std::string version = ask(handshake(key, "8"));
  EXPECT_EQ(status_of(version), "HTTP/1.1 426 Upgrade Required");
  EXPECT_TRUE(has(version, "Sec-WebSocket-Version: 13\r\n"));
  EXPECT_EQ(status_of(ask(handshake(""))), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(ask(handshake("Sec-WebSocket-Key: short\r\n"))), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(ask(handshake(key + "Origin: https://evil.example\r\n"))), "HTTP/1.1 403 Forbidden");
  EXPECT_EQ(status_of(ask(handshake(key + "Origin: null\r\n"))), "HTTP/1.1 403 Forbidden");
  const Client client = dial();
  say(client, handshake(key + "Origin: http://HERE:80\r\n"));
  EXPECT_TRUE(has(until_heard(client, "\r\n\r\n"), "101"));
}

TEST_P(HttpUpgradeTest, ATunnelTakesAnyFilter) {
  HttpServerOptions options = server_options();
  options.routes.get("/", [this](HttpExchange exchange) {
    HttpTakeover takeover;
    takeover.record = [this](HttpTunnel& tunnel, std::string_view line) {
      note(std::string(line));
      EXPECT_TRUE(tunnel.put("> " + std::string(line)));
      if (line == "quit") tunnel.close();
    };
    takeover.gone = [this] { note("gone"); };
    takeover.tick_interval = 1ms;
    takeover.tick = [this](HttpTunnel&) { note("tick"); };
    HttpResponse head(101);
    head.fields.add("Connection", "Upgrade").add("Upgrade", "lines");
    EXPECT_TRUE(HttpTunnel::begin(exchange, std::move(head), std::move(takeover), LineOptions()));
    EXPECT_FALSE(exchange);
  });
  serve_http(std::move(options));
  const Client client = dial();
  say(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\none\ntw");
  until_heard(client, "> one\n");
  until([&] { return count("tick") == 3; });
  say(client, "o\nquit\nnever\n");
  until([&] { return heard(client).ended; });
  EXPECT_TRUE(has(heard(client).text, "> two\n> quit\n")) << heard(client).text;
  until([&] { return said("gone"); });
  EXPECT_FALSE(said("never"));
}

TEST_P(HttpUpgradeTest, ARecordThatDoesNotFitIsRefusedAndTheTunnelStays) {
  HttpServerOptions options = server_options();
  options.output_limit = 100000;
  HttpTunnel tunnel;
  options.routes.get("/", [&](HttpExchange exchange) {
    HttpResponse head(101);
    head.fields.add("Connection", "Upgrade").add("Upgrade", "octets");
    auto begun = HttpTunnel::begin(exchange, std::move(head), HttpTakeover(), StreamFilter());
    ASSERT_TRUE(begun);
    tunnel = std::move(*begun);
    EXPECT_TRUE(tunnel.put(std::string(60000, '1')));
    const auto refused = tunnel.put(std::string(60000, '2'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::limit);
  });
  serve_http(std::move(options));
  const Client client = dial();
  say(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: octets\r\n\r\n");
  until([&] { return heard(client).text.size() > 60000 || heard(client).ended; });
  settle();
  ASSERT_TRUE(tunnel);
  heard(client).text.clear();
  EXPECT_TRUE(tunnel.put("3"));
  EXPECT_EQ(until_heard(client, "3"), "3");
}

TEST_P(HttpUpgradeTest, AnUpgradeNobodyOfferedFails) {
  HttpServerOptions options = server_options();
  options.routes.get("/", [](HttpExchange exchange) {
    EXPECT_FALSE(HttpTunnel::begin(exchange, HttpResponse(101), {}, LineOptions()));
    EXPECT_FALSE(HttpTunnel::begin(exchange, HttpResponse(200), {}, LineOptions()));
    EXPECT_TRUE(exchange.respond(200, "plain"));
  });
  serve_http(std::move(options));
  EXPECT_EQ(body_of(ask_for("GET /")), "plain");
}

TEST_P(HttpUpgradeTest, EventsGoOnUntilTheClientLeaves) {
  HttpServerOptions options = server_options();
  HttpEvents events;
  bool gone = false;
  options.routes.get("/", [&](HttpExchange exchange) {
    auto begun = HttpEvents::begin(std::move(exchange));
    ASSERT_TRUE(begun);
    events = std::move(*begun);
    events.on_gone([&] { gone = true; });
    EXPECT_EQ(events.last_event_id(), "6");
    EXPECT_TRUE(events.send({"two\nlines", "kind", "7"}));
    EXPECT_FALSE(events.send({"x", "bad\nkind"}));
  });
  serve_http(std::move(options));
  const Client client = dial();
  say(client, "GET / HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 6\r\n\r\n");
  const std::string first = until_heard(client, "data: lines\n\n");
  EXPECT_TRUE(has(first, "Content-Type: text/event-stream\r\n"));
  EXPECT_TRUE(has(first, "event: kind\n")) << first;
  EXPECT_TRUE(events.comment("still here"));
  until_heard(client, "still here");
  hang_up(client);
  until([&] { return gone; });
  EXPECT_FALSE(events);
  EXPECT_EQ(events.send({"late"}).error().code(), Errc::closed);
}

TEST_P(HttpUpgradeTest, EventsForHeadEndAtOnce) {
  HttpServerOptions options = server_options();
  std::vector<HttpEvents> kept_events;
  options.routes.get("/events", [&](HttpExchange exchange) {
    auto begun = HttpEvents::begin(std::move(exchange));
    ASSERT_TRUE(begun);
    kept_events.push_back(std::move(*begun));
  });
  options.routes.get("/a", tell());
  serve_http(std::move(options));
  const Client client = dial();
  say(client, "HEAD /events HTTP/1.1\r\nHost: a\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  settle();
  const std::string answers = heard(client).text;
  EXPECT_TRUE(has(answers, "Content-Type: text/event-stream\r\n")) << answers;
  EXPECT_TRUE(answers.ends_with("\r\n\r\nGET /a [/a] ? ")) << answers;
  ASSERT_EQ(kept_events.size(), 1u);
  EXPECT_FALSE(kept_events[0]);
  const std::string last = ask("HEAD /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(last.starts_with("HTTP/1.1 200")) << last;
}

}  // namespace
}  // namespace poe::test
