// SPDX-License-Identifier: MIT
//
// A server that is asked to finish, and what it writes into its log.
#include <stdexcept>

#include "http_bench.hpp"
#include "poe/components/http_events.hpp"
#include "poe/components/http_socket.hpp"

namespace poe::test {
namespace {

class HttpDrainTest : public HttpTest {
 protected:
  HttpServerOptions draining() {
    HttpServerOptions options = server_options();
    options.routes.get("/later", [this](HttpExchange exchange) { kept = std::move(exchange); });
    options.routes.get("/events", [this](HttpExchange exchange) { events = *HttpEvents::begin(std::move(exchange)); });
    options.routes.get("/ws", [](HttpExchange exchange) {
      ASSERT_TRUE(HttpSocket::accept(std::move(exchange), HttpSocketOptions()));
    });
    options.routes.add("", "/*", tell());
    return options;
  }
  Client begin(const std::string& octets, const std::string& hear = "") {
    const Client client = dial();
    say(client, octets);
    if (!hear.empty()) until_heard(client, hear);
    return client;
  }
  HttpExchange kept;
  HttpEvents events;
};
POE_ON_EVERY_LOOP(HttpDrainTest);

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_P(HttpDrainTest, DrainFinishesWhatIsInHandAndEnds) {
  const SessionId server = serve_http(draining());
  const Client idle = begin(kGet, "? ");
  const Client silent = dial();
  const Client busy = begin("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(kGet));
  const Client half = begin("POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
  const Client listener = begin("GET /events HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n");
  const Client socket = begin(
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      "\r\n\r\n");
  until([&] { return static_cast<bool>(kept); });
  settle();
  ASSERT_TRUE(kernel.post(server, http::drain));
  for (const Client one : {idle, silent, listener, socket}) until([&] { return heard(one).ended; });
  EXPECT_EQ(heard(listener).text, "0\r\n\r\n") << "a whole answer";
  EXPECT_EQ(heard(socket).text, std::string("\x88\x02\x03\xe9", 4)) << "1001: going away";
  EXPECT_FALSE(heard(busy).ended);
  EXPECT_FALSE(said("stopped"));
  EXPECT_TRUE(kept.respond(200, "done"));
  say(half, "dy");
  for (const Client one : {busy, half}) until([&] { return heard(one).ended; });
  EXPECT_TRUE(has(heard(busy).text, "Connection: close\r\n") && has(heard(busy).text, "done"));
  EXPECT_FALSE(has(heard(busy).text, "GET /")) << "the next request is not handled";
  EXPECT_TRUE(has(heard(half).text, "POST /half [half] ? body"));
  until([&] { return said("stopped"); });
}

TEST_P(HttpDrainTest, AStreamThatBeginsWhileDrainingEndsAtOnce) {
  const SessionId server = serve_http(draining());
  const Client client = begin("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return static_cast<bool>(kept); });
  ASSERT_TRUE(kernel.post(server, http::drain));
  settle();
  auto begun = HttpEvents::begin(std::move(kept));
  ASSERT_TRUE(begun);
  EXPECT_FALSE(*begun);
  until([&] { return heard(client).ended && said("stopped"); });
  EXPECT_TRUE(has(heard(client).text, "Connection: close\r\n"));
  EXPECT_TRUE(heard(client).text.ends_with("\r\n\r\n0\r\n\r\n")) << heard(client).text;
}

TEST_P(HttpDrainTest, WhoHoldsAStreamHearsThatItWasDrained) {
  const SessionId server = serve_http(draining());
  begin("GET /events HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n");
  events.on_gone([this] {
    note("gone");
    events = HttpEvents();
    throw std::runtime_error("no luck");
  });
  ASSERT_TRUE(kernel.post(server, http::drain));
  until([&] { return said("stopped"); });
  EXPECT_EQ(count("gone"), 1);
  ASSERT_EQ(warnings.lines.size(), 1u);
  EXPECT_TRUE(has(warnings.lines[0], "no luck"));
}

TEST_P(HttpDrainTest, AClientThatHasLeftDoesNotKeepTheConnectionThatLingers) {
  HttpServerOptions options = draining();
  options.linger_time = 20s;
  const SessionId server = serve_http(std::move(options));
  const Client client = begin("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(kGet));
  until([&] { return static_cast<bool>(kept); });
  settle();
  HttpResponse last(200, "done");
  last.fields.add("Connection", "close");
  const TimePoint began = kernel.now();
  EXPECT_TRUE(kept.respond(std::move(last)));
  until_heard(client, "done");
  hang_up(client);
  std::size_t connections = 1;
  until([&] {
    const auto asked = kernel.with<HttpServer>(server, [&](HttpServer& s) { connections = s.connections(); });
    return !asked || connections == 0;
  });
  EXPECT_LT(kernel.now() - began, 10s);
}

TEST_P(HttpDrainTest, TheKernelsDrainEndsTheServerInTime) {
  serve_http(draining());
  const Client busy = begin("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return static_cast<bool>(kept); });
  const TimePoint began = kernel.now();
  ASSERT_TRUE(kernel.drain_then_stop(50ms));
  ASSERT_TRUE(kernel.run());
  EXPECT_GE(kernel.now() - began, 50ms) << "as long as a request is in hand, and no longer";
  EXPECT_FALSE(kept) << "its connection has gone";
  EXPECT_FALSE(heard(busy).text.starts_with("HTTP/1.1 200"));
}

TEST_P(HttpDrainTest, TheAccessLogHasALineForEachAnswer) {
  HttpServerOptions options = draining();
  options.header_time = 30ms;
  options.access_log = [this](std::string_view line) { note(std::string(line)); };
  serve_http(std::move(options));
  ask_for("GET /a?b", "Referer: http://x/\r\nUser-Agent: t\"\\\xff\r\n");
  ask_for("HEAD /a");
  ask("GET  / HTTP/1.1\r\n\r\n");
  ask("GET / HT");
  const Client gone = begin("GET /events HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n");
  EXPECT_TRUE(events.comment("12345"));
  hang_up(gone);
  until([&] { return !events && log.size() == 5; });
  const auto cut = [](std::string line) {  // the time
    const std::size_t from = line.find('[');
    return line.replace(from, line.find(']') - from, "[");
  };
  EXPECT_EQ(log[0].substr(0, 15), "127.0.0.1 - - [");
  EXPECT_EQ(log[0].substr(log[0].find(']') - 6, 7), " +0000]");
  EXPECT_EQ(cut(log[0]), "127.0.0.1 - - [] \"GET /a?b HTTP/1.1\" 200 14 \"http://x/\" \"t\\\"\\\\\\xff\"");
  EXPECT_EQ(cut(log[1]), "127.0.0.1 - - [] \"HEAD /a HTTP/1.1\" 200 - \"-\" \"-\"");
  EXPECT_EQ(cut(log[2]), "127.0.0.1 - - [] \"-\" 400 - \"-\" \"-\"");
  EXPECT_EQ(cut(log[3]), "127.0.0.1 - - [] \"-\" 408 - \"-\" \"-\"");
  EXPECT_EQ(cut(log[4]), "127.0.0.1 - - [] \"GET /events HTTP/1.1\" 200 9 \"-\" \"-\"");
}

TEST_P(HttpDrainTest, TheCommonFormatAndALogThatThrows) {
  HttpServerOptions options = draining();
  options.combined_log = false;
  options.access_log = [this](std::string_view line) {
    note(std::string(line));
    throw std::runtime_error("disk full");
  };
  serve_http(std::move(options));
  EXPECT_EQ(body_of(ask_for("GET /a")), "GET /a [a] ? ");
  ASSERT_EQ(log.size(), 1u);
  EXPECT_TRUE(log[0].ends_with("\"GET /a HTTP/1.1\" 200 13")) << log[0];
  ASSERT_EQ(warnings.lines.size(), 1u);
  EXPECT_TRUE(has(warnings.lines[0], "disk full"));
}

}  // namespace
}  // namespace poe::test
