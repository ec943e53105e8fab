// SPDX-License-Identifier: MIT
//
// What hostile or broken clients do, and that nothing behind a refused request is handled.
#include "http_bench.hpp"

namespace poe::test {
namespace {

class HttpLimitsTest : public HttpTest {
 protected:
  HttpServerOptions counting() {
    HttpServerOptions options = server_options();
    options.routes.add("", "/*", [this](HttpExchange exchange) {
      ++handled;
      exchange.respond(200, "fine");
    });
    return options;
  }
  void pass(Duration time) {
    const TimePoint began = kernel.now();
    while (kernel.now() - began < time) ASSERT_TRUE(kernel.run_one_timeslice(2ms));
  }
  int handled = 0;
};
POE_ON_EVERY_LOOP(HttpLimitsTest);

constexpr std::string_view kHidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_P(HttpLimitsTest, RefusedRequestsCloseAndHideNothing) {
  HttpServerOptions options = counting();
  options.limits.max_head = 2000;
  options.limits.max_target = 500;
  options.limits.max_body = 100;
  serve_http(std::move(options));
  const struct {
    std::string octets;
    const char* status;
  } cases[] = {
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505"},
      {"GET /" + std::string(600, 'u') + " HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 414"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(3000, 'x') + "\r\n\r\n", "HTTP/1.1 431"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'b'), "HTTP/1.1 413"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n32\r\n" + std::string(50, 'b') + "\r\n64\r\n",
       "HTTP/1.1 413"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nContent-Length: 1\r\n\r\n", "HTTP/1.1 417"},
  };
  for (const auto& one : cases) {
    handled = 0;
    const std::string answer = ask(one.octets + std::string(kHidden));
    EXPECT_TRUE(answer.starts_with(one.status)) << one.octets << "\n" << answer;
    EXPECT_TRUE(has(answer, "Connection: close")) << answer;
    EXPECT_EQ(times(answer, "HTTP/1.1 "), 1u) << answer;
    EXPECT_EQ(handled, 0) << one.octets;
  }
}

TEST_P(HttpLimitsTest, WhatCameBeforeARefusedRequestIsAnsweredFirst) {
  HttpServerOptions options = counting();
  HttpExchange kept;
  options.routes.get("/later", [&](HttpExchange exchange) { kept = std::move(exchange); });
  serve_http(std::move(options));
  const Client client = dial();
  say(client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET  / HTTP/1.1\r\n\r\n" + std::string(kHidden));
  until([&] { return static_cast<bool>(kept); });
  settle();
  EXPECT_EQ(heard(client).text, "");
  kept.respond(200, "first");
  until([&] { return heard(client).ended; });
  const std::string answers = heard(client).text;
  EXPECT_LT(answers.find("first"), answers.find("HTTP/1.1 400")) << answers;
  EXPECT_EQ(handled, 0);
}

TEST_P(HttpLimitsTest, ASlowHeadIsA408) {
  HttpServerOptions options = counting();
  options.header_time = 150ms;
  serve_http(std::move(options));
  EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nHost: ")), "HTTP/1.1 408 Request Timeout");
  // Octets now and then do not help: the limit is for the whole head.
  const TimePoint began = kernel.now();
  const Client slow = dial();
  int sent = 0;
  while (!heard(slow).ended && heard(slow).text.empty() && sent < 1000) {
    if (sent++ % 4 == 0) say(slow, "G");
    ASSERT_TRUE(kernel.run_one_timeslice(2ms));
  }
  until([&] { return heard(slow).ended; });
  EXPECT_TRUE(heard(slow).text.starts_with("HTTP/1.1 408")) << heard(slow).text;
  EXPECT_GE(kernel.now() - began, 150ms);
  EXPECT_EQ(handled, 0);
}

TEST_P(HttpLimitsTest, TheTimeOfTheFirstRequestBeginsWithTheConnection) {
  HttpServerOptions options = counting();
  options.header_time = 500ms;
  serve_http(std::move(options));
  const Client first = dial();
  pass(20ms);
  const Client second = dial();
  pass(200ms);
  say(first, "G");
  until([&] { return heard(second).ended; });
  pass(50ms);  // on a busy machine both end at once, in any order; given more time, the first would have 150 ms left
  EXPECT_TRUE(heard(first).ended);
  EXPECT_TRUE(heard(first).text.starts_with("HTTP/1.1 408")) << "a late octet gives no more time";
}

TEST_P(HttpLimitsTest, LineEndsBehindABodyBeginNoRequest) {
  HttpServerOptions options = counting();
  options.header_time = 40ms;
  const SessionId server = serve_http(std::move(options));
  const Client client = dial();
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab\r\n";
  say(client, post);
  until_heard(client, "fine");
  pass(80ms);
  EXPECT_EQ(heard(client).text, "") << "idle, not slow";
  say(client, post.substr(0, post.size() - 2));
  until_heard(client, "fine");
  say(client, "\r\n");
  pass(80ms);
  EXPECT_EQ(heard(client).text, "") << "nor when they come later";
  say(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n");
  until_heard(client, "fine");
  EXPECT_EQ(handled, 3);
  ASSERT_TRUE(kernel.post(server, http::drain));
  until([&] { return heard(client).ended; });
  EXPECT_EQ(heard(client).text, "");
}

TEST_P(HttpLimitsTest, ASilentClientIsClosedWithoutAWord) {
  HttpServerOptions options = counting();
  options.header_time = 150ms;
  options.idle_time = 150ms;
  serve_http(std::move(options));
  EXPECT_EQ(ask(""), "") << "nothing was asked";
  const std::string answer = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(body_of(answer), "fine") << "then idle for too long";
}

TEST_P(HttpLimitsTest, ASlowBodyIsA408AndTheHandlerHearsNothing) {
  HttpServerOptions options = counting();
  options.body_time = 150ms;
  serve_http(std::move(options));
  const std::string answer = ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 408 Request Timeout");
  EXPECT_EQ(handled, 0);
}

TEST_P(HttpLimitsTest, AClientThatTakesNothingIsCutOff) {
  HttpServerOptions options = counting();
  options.write_time = 50ms;
  bool gone = false;
  HttpExchange kept;
  options.routes.get("/large", [&](HttpExchange exchange) {
    kept = std::move(exchange);
    kept.on_gone([&] { gone = true; });
    kept.begin(HttpResponse(200));
    while (kept.write(std::string(60000, 'x'))) {
    }
  });
  serve_http(std::move(options));
  const Client client = dial();
  with_client(ids[0], [](TcpClient& c) { c.wheel().pause_input(); });
  say(client, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return gone; });
  EXPECT_FALSE(kept);
}

TEST_P(HttpLimitsTest, AnAnswerToWhoStillSendsArrives) {
  HttpServerOptions options = counting();
  options.limits.max_body = 100;
  serve_http(std::move(options));
  const Client client = dial();
  say(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 20 && !heard(client).ended; ++i) {
    with_client(ids[0], [](TcpClient& c) { static_cast<void>(c.put(std::string(50000, 'b'))); });
    ASSERT_TRUE(kernel.run_one_timeslice(1ms));
  }
  until([&] { return heard(client).ended; });
  EXPECT_TRUE(heard(client).text.starts_with("HTTP/1.1 413")) << heard(client).text;
}

TEST_P(HttpLimitsTest, ContinueIsSaidOnlyWhereSomebodyListens) {
  HttpServerOptions options = server_options();
  options.routes.post("/", tell());
  serve_http(std::move(options));
  const Client client = dial();
  say(client, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(until_heard(client, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  say(client, "body");
  EXPECT_TRUE(has(until_heard(client, "body"), "200 OK"));
  const std::string refused =
      ask("POST /none HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(status_of(refused), "HTTP/1.1 404 Not Found");
  EXPECT_TRUE(has(refused, "Connection: close"));
}

TEST_P(HttpLimitsTest, ConnectionsAreLimited) {
  HttpServerOptions options = counting();
  options.max_connections = 1;
  serve_http(std::move(options));
  const Client first = dial();
  say(first, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  until_heard(first, "fine");
  const Client second = dial();  // waits in the backlog
  say(second, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  settle();
  EXPECT_EQ(handled, 1);
  hang_up(first);
  until_heard(second, "fine");
  EXPECT_EQ(handled, 2);
}

}  // namespace
}  // namespace poe::test
