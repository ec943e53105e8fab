// SPDX-License-Identifier: MIT
//
// Requests and answers, in every form.
#include <stdlib.h>

#include "http_client_bench.hpp"

namespace poe::test {
namespace {

POE_ON_REAL_LOOPS(HttpClientTest);

constexpr Event<HttpClient::Answer> kFetched{"fetched"};

TEST_P(HttpClientTest, BringsStatusFieldsAndBody) {
  HttpServerOptions options = server_options();
  options.routes.get("/fields", [](HttpExchange exchange) {
    HttpResponse response(201, "body of it");
    response.fields.add("X-One", "1");
    response.fields.add("X-One", "2");
    exchange.respond(std::move(response));
  });
  serve(std::move(options));
  const Answer answer = get("/fields");
  ASSERT_TRUE(answer) << answer.error().report();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "body of it");
  EXPECT_EQ(answer->fields.count("x-one"), 2u);
  EXPECT_EQ(answer->fields.find("X-ONE"), "1");
  EXPECT_EQ(answer->version, 11);
  EXPECT_EQ(answer->redirects, 0u);
  EXPECT_EQ(answer->url, at("/fields"));
}

TEST_P(HttpClientTest, AStatusThatIsNoSuccessIsAnAnswer) {
  serve();
  const Answer answer = get("/nothing-there");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
}

TEST_P(HttpClientTest, SendsMethodsFieldsAndBodies) {
  HttpServerOptions options = server_options();
  options.routes.add("", "/seen", [](HttpExchange exchange) {
    const HttpRequest& r = exchange.request();
    const auto field = [&](const char* name) { return std::string(r.head.fields.find(name).value_or("-")); };
    exchange.respond(200, r.head.method + "|" + field("X-A") + "|" + field("X-Empty") + "|" + field("Content-Type") +
                              "|" + field("User-Agent") + "|" + r.body);
  });
  serve(std::move(options));
  const auto seen = [&](HttpClientRequest request) {
    const Answer answer = ask(std::move(request));
    return answer ? answer->body : answer.error().message();
  };
  EXPECT_EQ(seen(HttpClientRequest(at("/seen"))), "GET|-|-|-|poe|");
  EXPECT_EQ(seen(HttpClientRequest("POST", at("/seen"), "a=b", "text/x")), "POST|-|-|text/x|poe|a=b");
  EXPECT_EQ(seen(HttpClientRequest("POST", at("/seen"))), "POST|-|-|-|poe|");
  EXPECT_EQ(seen(HttpClientRequest("PUT", at("/seen"), std::string("\0x", 2))),
            "PUT|-|-|-|poe|" + std::string("\0x", 2));
  EXPECT_EQ(seen(HttpClientRequest("DELETE", at("/seen"))), "DELETE|-|-|-|poe|");
  HttpClientRequest request(at("/seen"));
  request.fields.add("X-A", "some thing").add("X-Empty", "").add("User-Agent", "me");
  EXPECT_EQ(seen(std::move(request)), "GET|some thing||-|me|");
  HttpClientRequest blank(at("/seen"));
  blank.fields.add("X-A", " \t").add("X-Empty", " x ");
  EXPECT_EQ(seen(std::move(blank)), "GET||x|-|poe|");
}

TEST_P(HttpClientTest, HeadAndNotModifiedHaveNoBody) {
  HttpServerOptions options = server_options();
  options.routes.get("/same", [](HttpExchange exchange) { exchange.respond(HttpResponse(304)); });
  serve(std::move(options));
  const Answer head = ask(HttpClientRequest("HEAD", at("/tell/x")));
  ASSERT_TRUE(head) << head.error().report();
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
  const Answer same = get("/same");
  ASSERT_TRUE(same) << same.error().report();
  EXPECT_EQ(same->status, 304);
  EXPECT_TRUE(same->reused) << "the connection was fit for another one";
}

TEST_P(HttpClientTest, TheAnswerComesAsAnEvent) {
  serve();
  std::string heard;
  HttpClient client;
  HttpCall asked;
  const SessionId id = kernel.spawn(
      Inline(0)
          .on(poe::start,
              [&](int&, Self& self) {
                client = HttpClient(self);
                asked = client.get(at("/tell/event"), kFetched);
              })
          .on(kFetched, [&](int&, Self&, HttpClient::Answer answer) { heard = answer ? answer->body : "failed"; }));
  until([&] { return !kernel.alive(id); });
  EXPECT_EQ(heard, "GET /tell/event [event] ? ");
}

TEST_P(HttpClientTest, CoroutinesAwaitAnswers) {
  serve();
  std::string heard;
  kernel.spawn([&](Self& self) -> Task<> {
    HttpClient client(self);
    const auto first = co_await client.get(at("/tell/1"));
    const auto second = co_await client.send(HttpClientRequest("POST", at("/tell/2"), "two"));
    const auto third = co_await client.get(at("/never")).within(20ms);
    heard = first->body + "," + second->body + "," + std::string(to_string(third.error().code()));
    EXPECT_EQ(client.calls(), 0u) << "what is not awaited any more is cancelled";
  });
  until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, "GET /tell/1 [1] ? ,POST /tell/2 [2] ? two,timed_out");
}

TEST_P(HttpClientTest, WhoAwaitsIsToldThatTheClientHasGone) {
  serve();
  std::string heard;
  HttpClient client;
  kernel.spawn([&](Self& self) -> Task<> {
    client = HttpClient(self);
    const auto answer = co_await client.get(at("/never"));
    heard = message(answer);
    const auto none = co_await client.get(at("/never"));
    heard += " " + std::string(to_string(code(none)));
  });
  until([&] { return !kept.empty(); });
  client = HttpClient();
  until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, "cannot GET " + at("/never") + ": its HttpClient is gone closed");
}

TEST_P(HttpClientTest, ConnectionsAreKeptAndShared) {
  serve();
  HttpClientOptions options;
  options.max_host_connections = 5;
  set_up_client(std::move(options));
  std::vector<HttpCall> calls;
  int good = 0;
  std::size_t most = 0;
  as_asker([&](Asker& self) {
    for (int i = 0; i < 100; ++i) {
      calls.push_back(self.wheel.get(at("/tell/" + std::to_string(i)), [&, i](Answer answer) {
        most = std::max(most, server_connections());
        good += answer && answer->body == "GET /tell/" + std::to_string(i) + " [" + std::to_string(i) + "] ? ";
      }));
    }
    EXPECT_EQ(self.wheel.calls(), 100u);
  });
  until([&] { return good == 100; });
  EXPECT_LE(most, 5u);
  const Answer again = get("/tell/again");
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->reused);
}

TEST_P(HttpClientTest, AnIdleClientKeepsNobodyAlive) {
  serve();
  bool done = false;
  HttpClient client;
  HttpCall asked;
  const SessionId id = kernel.spawn(Inline(0).on(poe::start, [&](int&, Self& self) {
    client = HttpClient(self);
    asked = client.get(at("/tell/x"), [&](const Answer&) { done = true; });
  }));
  until([&] { return !kernel.alive(id); });
  EXPECT_TRUE(done);
}

TEST_P(HttpClientTest, TheProxyOfTheEnvironmentCountsOnlyWhenAskedFor) {
  serve();
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  const Answer direct = get("/tell/x");
  HttpClientOptions options;
  options.proxy_from_environment = true;
  set_up_client(std::move(options));
  const Answer by_proxy = get("/tell/x");
  ::unsetenv("http_proxy");
  EXPECT_TRUE(direct) << message(direct);
  EXPECT_FALSE(by_proxy);
}

TEST(HttpClientInSim, ASimulatedWorldIsRefusedInWords) {
  Kernel kernel(std::make_unique<OneLoop>(loop_plugin("sim")));
  std::string heard;
  kernel.spawn([&](Self& self) -> Task<> {
    HttpClient client(self);
    const auto answer = co_await client.get("http://127.0.0.1/");
    heard = to_string(answer.error().code());
  });
  ASSERT_TRUE(kernel.run());
  EXPECT_EQ(heard, "not_supported");
}

}  // namespace
}  // namespace poe::test
