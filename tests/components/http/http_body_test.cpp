// SPDX-License-Identifier: MIT
//
// Bodies of requests that go to the handler in pieces.
#include "poe/components/http_body.hpp"

#include <stdexcept>

#include "http_bench.hpp"

namespace poe::test {
namespace {

// Reads a body to its end, notes what it gets and why it ends, and answers if it may.
Task<> read_all(Self&, HttpExchange exchange, Log* log, std::string* body) {
  for (;;) {
    auto piece = co_await exchange.read();
    if (!piece) {
      log->push_back("end " + std::string(to_string(piece.error().code())));
      break;
    }
    EXPECT_FALSE(piece->empty());
    body->append(*piece);
  }
  const auto sum = exchange.request().trailers.find("X-Sum");
  if (exchange) exchange.respond(200, "got " + std::to_string(body->size()) + (sum ? " sum " + std::string(*sum) : ""));
}

Task<> read_in_turns(Self&, HttpExchange exchange, Log* log) {
  const auto early = co_await exchange.read().within(10ms);
  log->push_back("early " + std::string(to_string(early.error().code())));
  log->push_back("next");
  const auto piece = co_await exchange.read();
  log->push_back(piece ? *piece : "none");
  exchange.on_body([](std::string_view) {});
  const auto second = co_await exchange.read();
  log->push_back("second " + std::string(to_string(second.error().code())));
}

Task<> read_once(Self&, HttpExchange* exchange, Log* log) {
  log->push_back("reads");
  const auto piece = co_await exchange->read();
  log->push_back("read " + (piece ? *piece : std::string(to_string(piece.error().code()))));
}

class HttpBodyTest : public HttpTest {
 protected:
  HttpServerOptions reading() {
    HttpServerOptions options = server_options();
    options.routes.post(
        "/read",
        [this](HttpExchange exchange) {
          exchange.on_gone([this] { note("gone"); });
          kernel.spawn(read_all, std::move(exchange), &log, &body);
        },
        HttpBody::streamed);
    options.routes.post(
        "/kept",
        [this](HttpExchange exchange) {
          kept = std::move(exchange);
          kept.on_gone([this] { note("gone"); });
        },
        HttpBody::streamed);
    options.routes.get("/later", [this](HttpExchange exchange) { kept = std::move(exchange); });
    options.routes.add("", "/*", tell());
    return options;
  }
  static std::string post(const std::string& path, std::size_t length, const std::string& fields = "") {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n" + fields +
           "\r\n";
  }
  static std::string chunked(const std::string& path) {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  }
  void listen() {
    kept.on_body([this](std::string_view piece) {
      if (piece == "stop") kept.pause_body();
      if (piece == "throw") throw std::runtime_error("no luck");
      note(piece.empty() ? "end" : "piece " + std::string(piece));
    });
  }
  /// A client that has sent that much, to the handler that keeps the exchange.
  Client keep(const std::string& octets) {
    const Client client = dial();
    say(client, octets);
    until([this] { return static_cast<bool>(kept); });
    settle();
    return client;
  }
  HttpExchange kept;
  std::string body;
};
POE_ON_EVERY_LOOP(HttpBodyTest);

TEST_P(HttpBodyTest, ATaskReadsABodyAndTheConnectionGoesOn) {
  serve_http(reading());
  const Client client = dial();
  say(client, chunked("/read") + "3\r\nabc\r\n");
  until([this] { return body == "abc"; });
  say(client, "2\r\nde\r\n0\r\nX-Sum: 7\r\n\r\n" + post("/read", 4) + "next" + post("/other", 1) + "o");
  const std::string answers = until_heard(client, "? o");
  EXPECT_TRUE(has(answers, "got 5 sum 7")) << answers;
  EXPECT_TRUE(has(answers, "got 9"));
  EXPECT_TRUE(has(answers, "POST /other [other] ? o"));
  EXPECT_EQ(body, "abcdenext");
  EXPECT_EQ(log, (Log{"end end_of_file", "end end_of_file"}));
  EXPECT_FALSE(has(answers, "Connection: close"));
}

TEST_P(HttpBodyTest, ACallbackHearsPiecesAndHoldsThemUp) {
  serve_http(reading());
  const Client client = keep(chunked("/kept") + "3\r\nabc\r\n");
  EXPECT_EQ(log, Log()) << "nobody has asked";
  EXPECT_EQ(kept.request().body, "");
  listen();
  until([this] { return said("piece abc"); });
  say(client, "4\r\nstop\r\n2\r\nde\r\n0\r\n\r\n");
  until([this] { return said("piece stop"); });
  settle();
  EXPECT_EQ(log, (Log{"piece abc", "piece stop"}));
  kept.pause_body(false);
  until([this] { return said("end"); });
  EXPECT_EQ(log, (Log{"piece abc", "piece stop", "piece de", "end"}));
  EXPECT_TRUE(kept.respond(200, "fine"));
  EXPECT_FALSE(has(until_heard(client, "fine"), "Connection: close"));
}

TEST_P(HttpBodyTest, ACallbackTakesThePiecesFromWhoWaits) {
  serve_http(reading());
  const Client client = keep(chunked("/kept"));
  kernel.spawn(read_once, &kept, &log);
  until([this] { return said("reads"); });
  settle();
  listen();
  say(client, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  until([this] { return said("end"); });
  EXPECT_EQ(log, (Log{"reads", "read invalid_argument", "piece abc", "piece de", "end"}));
  EXPECT_TRUE(kept.respond(200, "fine"));
  until_heard(client, "fine");
}

TEST_P(HttpBodyTest, AClientIsHeldUpWhileNobodyReads) {
  serve_http(reading());
  const std::size_t size = std::size_t{32} << 20;  // much more than the system holds
  const Client client = keep(post("/kept", size));
  std::size_t sent = 0;
  const auto send = [&] {
    with_client(ids[0], [&](TcpClient& c) {
      for (; sent < size && c.wheel().out_octets() < 1000000; sent += 65536) c.put(std::string(65536, 'b'));
    });
    return sent == size;
  };
  for (int i = 0; i < 200; ++i) {
    send();
    ASSERT_TRUE(kernel.run_one_timeslice(1ms));
  }
  EXPECT_LT(sent, size) << "nobody takes it";
  kernel.spawn(read_all, std::move(kept), &log, &body);
  until(send);
  EXPECT_TRUE(has(until_heard(client, "got"), "got " + std::to_string(size)));
  EXPECT_EQ(body, std::string(size, 'b'));
}

TEST_P(HttpBodyTest, ContinueIsSaidWhenSomebodyAsksForTheBody) {
  serve_http(reading());
  const Client client = keep(post("/kept", 4, "Expect: 100-continue\r\n"));
  EXPECT_EQ(heard(client).text, "");
  listen();
  EXPECT_EQ(until_heard(client, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  say(client, "body");
  until([this] { return said("end"); });
  EXPECT_TRUE(kept.respond(200, "fine"));
  EXPECT_FALSE(has(until_heard(client, "fine"), "Connection: close"));
  const Client unwanted = keep(post("/kept", 4, "Expect: 100-continue\r\n"));
  EXPECT_TRUE(kept.respond(403, "no"));
  until([&] { return heard(unwanted).ended; });
  EXPECT_TRUE(heard(unwanted).text.starts_with("HTTP/1.1 403")) << heard(unwanted).text;
}

TEST_P(HttpBodyTest, AnAnswerBeforeTheEndIsTheLastOne) {
  serve_http(reading());
  const Client client = keep(post("/kept", 10) + "half");
  EXPECT_TRUE(kept.respond(403, "enough"));
  say(client, " half." + post("/other", 1) + "o");
  until([&] { return heard(client).ended; });
  EXPECT_TRUE(has(heard(client).text, "Connection: close\r\n"));
  EXPECT_TRUE(heard(client).text.ends_with("enough")) << heard(client).text;
  EXPECT_EQ(log, Log());
  const Client dropped = keep(post("/kept", 10) + "half");
  kept = HttpExchange();
  until([&] { return heard(dropped).ended; });
  EXPECT_TRUE(heard(dropped).text.starts_with("HTTP/1.1 500"));
}

TEST_P(HttpBodyTest, AnAnswerMayGoOnWhileTheBodyComes) {
  serve_http(reading());
  const Client client = keep(chunked("/kept"));
  EXPECT_TRUE(kept.begin(HttpResponse(200)));
  kept.on_body(
      [this](std::string_view piece) { EXPECT_TRUE(piece.empty() ? bool(kept.end()) : bool(kept.write(piece))); });
  until_heard(client, "\r\n\r\n");
  say(client, "3\r\nabc\r\n");
  EXPECT_EQ(until_heard(client, "abc\r\n"), "3\r\nabc\r\n");
  say(client, "0\r\n\r\n");
  until([&] { return heard(client).ended; });
  EXPECT_EQ(heard(client).text, "0\r\n\r\n");
}

TEST_P(HttpBodyTest, BodiesOverTheLimitAreRefused) {
  HttpServerOptions options = reading();
  options.max_streamed_body = 100;
  options.limits.max_body = 10;
  serve_http(std::move(options));
  EXPECT_EQ(status_of(ask(post("/read", 101))), "HTTP/1.1 413 Content Too Large");
  EXPECT_EQ(log, Log()) << "no handler heard of it";
  EXPECT_EQ(status_of(ask(chunked("/read") + "32\r\n" + std::string(50, 'b') + "\r\n33\r\n" + std::string(51, 'b'))),
            "HTTP/1.1 413 Content Too Large");
  until([this] { return log.size() == 2; });
  EXPECT_EQ(log, (Log{"gone", "end limit"}));
  EXPECT_EQ(body, std::string(50, 'b'));
  EXPECT_EQ(status_of(ask(post("/other", 11))), "HTTP/1.1 413 Content Too Large") << "all other routes";
  EXPECT_EQ(status_of(ask(chunked("/other") + "b\r\n" + std::string(11, 'b') + "\r\n0\r\n\r\n")),
            "HTTP/1.1 413 Content Too Large");
  const Client fits = dial();
  say(fits, post("/read", 100) + std::string(100, 'b') + post("/other", 10) + std::string(10, 'o'));
  EXPECT_TRUE(has(until_heard(fits, "oooooooooo"), "got 150"));
}

TEST_P(HttpBodyTest, TimeRunsOnlyWhileSomebodyWaits) {
  HttpServerOptions options = reading();
  options.body_time = 40ms;
  serve_http(std::move(options));
  const Client client = keep(post("/kept", 8) + "half");
  const TimePoint began = kernel.now();
  while (kernel.now() - began < 80ms) ASSERT_TRUE(kernel.run_one_timeslice(2ms));
  EXPECT_TRUE(kept) << "it is the handler who is slow";
  kernel.spawn(read_all, std::move(kept), &log, &body);
  until([&] { return heard(client).ended && log.size() == 2; });
  EXPECT_EQ(status_of(heard(client).text), "HTTP/1.1 408 Request Timeout");
  EXPECT_EQ(body, "half");
  EXPECT_EQ(log, (Log{"gone", "end timed_out"}));
}

TEST_P(HttpBodyTest, BodiesThatBreakOff) {
  serve_http(reading());
  const Client half = dial();
  say(half, post("/read", 8) + "half");
  with_client(ids[0], [](TcpClient& c) { c.wheel().shutdown_output(); });
  until([&] { return heard(half).ended && log.size() == 2; });
  EXPECT_EQ(log, (Log{"gone", "end closed"}));
  log.clear();
  EXPECT_EQ(status_of(ask(chunked("/read") + "3\r\nabc\r\njunk\r\n")), "HTTP/1.1 400 Bad Request");
  until([&] { return log.size() == 2; });
  EXPECT_EQ(log, (Log{"gone", "end protocol"}));
  log.clear();
  const Client begun = keep(chunked("/kept"));
  EXPECT_TRUE(kept.begin(HttpResponse(200)));
  listen();
  say(begun, "junk\r\n");
  until([&] { return heard(begun).ended && said("gone"); });
  EXPECT_FALSE(kept);
  EXPECT_FALSE(has(heard(begun).text, "0\r\n\r\n")) << "no end that was none";
  log.clear();
  const Client thrower = keep(chunked("/kept"));
  listen();
  say(thrower, "5\r\nthrow\r\n");
  until([&] { return heard(thrower).ended && said("gone"); });
  EXPECT_TRUE(has(warnings.lines.at(0), "no luck"));
}

TEST_P(HttpBodyTest, WithoutABodyThereIsNothingToRead) {
  serve_http(reading());
  const Client client = keep(post("/kept", 0));
  listen();
  EXPECT_EQ(log, Log{"end"}) << "at once";
  kernel.spawn(read_all, std::move(kept), &log, &body);
  EXPECT_FALSE(has(until_heard(client, "got 0"), "Connection: close"));
  EXPECT_EQ(log.back(), "end end_of_file");
}

TEST_P(HttpBodyTest, OneReaderAtATimeAndNotForEver) {
  serve_http(reading());
  const Client client = keep(chunked("/kept"));
  kernel.spawn(read_in_turns, std::move(kept), &log);
  until([this] { return said("next"); });
  say(client, "3\r\nabc\r\n");
  until([this] { return log.size() == 4; });
  EXPECT_EQ(log, (Log{"early timed_out", "next", "abc", "second invalid_argument"}));
  until([&] { return heard(client).ended; });
  EXPECT_TRUE(heard(client).text.starts_with("HTTP/1.1 500"));
}

TEST_P(HttpBodyTest, ABodyBehindALateAnswerRunsInItsOwnSession) {
  HttpServerOptions options = reading();
  SessionId ran;
  options.routes.post(
      "/where",
      [&](HttpExchange exchange) {
        ran = kernel.current();
        kernel.spawn(read_all, std::move(exchange), &log, &body);
      },
      HttpBody::streamed);
  serve_http(std::move(options));
  const Client client = keep("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + post("/where", 4) + "body");
  EXPECT_TRUE(kept.respond(200, "first"));
  EXPECT_EQ(ran, SessionId()) << "not within respond()";
  EXPECT_TRUE(has(until_heard(client, "got 4"), "first"));
  EXPECT_NE(ran, kernel.current());
  EXPECT_EQ(body, "body");
}

}  // namespace
}  // namespace poe::test
