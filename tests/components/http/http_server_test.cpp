// SPDX-License-Identifier: MIT
#include <stdexcept>

#include "http_bench.hpp"
#include "poe/components/http_events.hpp"
#include "poe/coroutine.hpp"

namespace poe::test {
namespace {

class HttpServerTest : public HttpTest {};
POE_ON_EVERY_LOOP(HttpServerTest);

constexpr Event<HttpExchange> kAsked{"asked"};

TEST_P(HttpServerTest, RoutesExactPathsAndTheLongestPrefix) {
  HttpServerOptions options = server_options();
  options.routes.get("/a", tell()).get("/files/*", tell()).get("/files/deep/*", tell()).get("/files/exact", tell());
  serve_http(std::move(options));
  EXPECT_EQ(body_of(ask_for("GET /a?x=1")), "GET /a [/a] ?x=1 ");
  EXPECT_EQ(body_of(ask_for("GET /files/b/c")), "GET /files/b/c [b/c] ? ");
  EXPECT_EQ(body_of(ask_for("GET /files/deep/d")), "GET /files/deep/d [d] ? ");
  EXPECT_EQ(body_of(ask_for("GET /files/exact")), "GET /files/exact [/files/exact] ? ");
  EXPECT_EQ(body_of(ask_for("GET http://a/a?y")), "GET /a [/a] ?y ");
  EXPECT_EQ(status_of(ask_for("GET /files")), "HTTP/1.1 404 Not Found");
}

TEST_P(HttpServerTest, PathsAreDecodedBeforeTheyAreRouted) {
  HttpServerOptions options = server_options();
  options.routes.get("/a b", tell()).get("/x/*", tell());
  serve_http(std::move(options));
  EXPECT_EQ(body_of(ask_for("GET /a%20b")), "GET /a b [/a b] ? ");
  EXPECT_EQ(body_of(ask_for("GET /no/../x/./y/..")), "GET /x/ [] ? ");
  EXPECT_EQ(body_of(ask_for("GET /x/%2e%2E/x/1")), "GET /x/1 [1] ? ");
  EXPECT_EQ(body_of(ask_for("GET /../../x/2")), "GET /x/2 [2] ? ");
  EXPECT_EQ(status_of(ask_for("GET /x/%2e%2e/secret")), "HTTP/1.1 404 Not Found");
  for (const char* bad : {"/x/%2fetc", "/x/%00", "/x/%", "/x/%4", "/x/%zz"}) {
    EXPECT_EQ(status_of(ask_for("GET " + std::string(bad))), "HTTP/1.1 400 Bad Request") << bad;
  }
}

TEST_P(HttpServerTest, MethodsOfAPath) {
  HttpServerOptions options = server_options();
  options.routes.get("/a", tell()).post("/a", tell()).add("", "/any", tell());
  serve_http(std::move(options));
  const std::string refused = ask_for("DELETE /a");
  EXPECT_EQ(status_of(refused), "HTTP/1.1 405 Method Not Allowed");
  EXPECT_TRUE(has(refused, "Allow: GET, POST, HEAD, OPTIONS\r\n")) << refused;
  const std::string options_answer = ask_for("OPTIONS /a");
  EXPECT_EQ(status_of(options_answer), "HTTP/1.1 204 No Content");
  EXPECT_TRUE(has(options_answer, "Allow: GET, POST, HEAD, OPTIONS\r\n"));
  EXPECT_EQ(status_of(ask_for("OPTIONS *")), "HTTP/1.1 204 No Content");
  const std::string head = ask_for("HEAD /a");
  EXPECT_TRUE(has(head, "Content-Length: 15\r\n")) << head;
  EXPECT_EQ(body_of(head), "");
  EXPECT_EQ(body_of(ask_for("PATCH /any")), "PATCH /any [/any] ? ");
  EXPECT_EQ(status_of(ask("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nConnection: close\r\n\r\n")),
            "HTTP/1.1 501 Not Implemented");
}

TEST_P(HttpServerTest, RoutesThatMakeNoSenseAreBugs) {
  HttpRoutes routes;
  routes.get("/a", tell());
  EXPECT_THROW(routes.get("/a", tell()), std::invalid_argument);
  EXPECT_THROW(routes.get("a", tell()), std::invalid_argument);
  EXPECT_THROW(routes.get("/a*", tell()), std::invalid_argument);
  EXPECT_THROW(routes.get("/*/b", tell()), std::invalid_argument);
}

TEST_P(HttpServerTest, RequestsOfOneConnectionAreAnsweredInOrder) {
  HttpServerOptions options = server_options();
  options.server_name = "poe";
  options.routes.get("/*", tell()).post("/*", tell());
  serve_http(std::move(options));
  const std::string all_answers =
      ask("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
          "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
          "GET /4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /5 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(times(all_answers, "HTTP/1.1 200 OK"), 4u) << "nothing behind \"close\" is answered";
  EXPECT_LT(all_answers.find("GET /1"), all_answers.find("POST /2 [2] ? body"));
  EXPECT_LT(all_answers.find("? body"), all_answers.find("POST /3 [3] ? abcde"));
  EXPECT_LT(all_answers.find("abcde"), all_answers.find("GET /4"));
  EXPECT_EQ(times(all_answers, "Date: "), 4u);
  EXPECT_EQ(times(all_answers, "Server: poe\r\n"), 4u);
  EXPECT_EQ(times(all_answers, "Connection: close"), 1u);
}

TEST_P(HttpServerTest, AnswersMayComeLaterAndStillInOrder) {
  HttpServerOptions options = server_options();
  std::vector<HttpExchange> kept;
  options.routes.get("/*", [&](HttpExchange exchange) { kept.push_back(std::move(exchange)); });
  serve_http(std::move(options));
  const Client client = dial();
  say(client, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return kept.size() == 1; });
  settle();
  ASSERT_EQ(kept.size(), 1u) << "one at a time";
  EXPECT_TRUE(kept[0].respond(200, "one"));
  EXPECT_FALSE(kept[0]);
  EXPECT_EQ(kept[0].respond(200, "again").error().code(), Errc::closed);
  until([&] { return kept.size() == 2; });
  EXPECT_EQ(kept[1].request().path, "/2");
  EXPECT_TRUE(kept[1].respond(200, "two"));
  EXPECT_TRUE(has(until_heard(client, "two"), "one"));
}

TEST_P(HttpServerTest, AnExchangeOutlivesItsConnection) {
  HttpServerOptions options = server_options();
  HttpExchange kept;
  int gone = 0;
  options.routes.get("/", [&](HttpExchange exchange) {
    kept = std::move(exchange);
    kept.on_gone([&] { ++gone; });
    kept.begin(HttpResponse(200));
  });
  const SessionId server = serve_http(std::move(options));
  const Client client = dial();
  say(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  until_heard(client, "200 OK");
  hang_up(client);
  settle();
  until([&] { return !kept || !kept.write("still there?"); });
  settle();
  EXPECT_EQ(gone, 1);
  EXPECT_FALSE(kept);
  EXPECT_EQ(kept.write("x").error().code(), Errc::closed);
  EXPECT_EQ(kept.request().path, "/");
  const auto told = kernel.with<HttpServer>(server, [](HttpServer& s) { EXPECT_EQ(s.connections(), 0u); });
  EXPECT_TRUE(told);
}

TEST_P(HttpServerTest, CallbacksThatHoldTheirExchangeEndWithIt) {
  HttpServerOptions options = server_options();
  std::weak_ptr<HttpExchange> answered;
  std::weak_ptr<HttpExchange> open;
  const auto hold = [](HttpExchange exchange) {
    auto shared = std::make_shared<HttpExchange>(std::move(exchange));
    shared->on_drained([shared] {});
    shared->on_gone([shared] {});
    return shared;
  };
  options.routes.get("/answered", [&](HttpExchange exchange) {
    const auto shared = hold(std::move(exchange));
    answered = shared;
    EXPECT_TRUE(shared->respond(200, "fine"));
  });
  options.routes.get("/open", [&](HttpExchange exchange) { open = hold(std::move(exchange)); });
  const SessionId server = serve_http(std::move(options));
  const Client client = dial();
  say(client, "GET /answered HTTP/1.1\r\nHost: a\r\n\r\nGET /open HTTP/1.1\r\nHost: a\r\n\r\n");
  until_heard(client, "fine");
  EXPECT_TRUE(answered.expired()) << "answered";
  until([&] { return !open.expired(); });
  ASSERT_TRUE(kernel.signal(server, "KILL"));
  until([&] { return heard(client).ended; });
  EXPECT_TRUE(open.expired()) << "stopped from outside";
}

TEST_P(HttpServerTest, LimitsThatAreTheServersDoNotMatter) {
  HttpServerOptions options = server_options();
  options.limits.max_pipelined = 1;
  options.limits.max_buffer = 1;
  options.limits.streaming = false;
  HttpExchange kept;
  options.routes.get("/later", [&](HttpExchange exchange) { kept = std::move(exchange); });
  options.routes.get("/*", tell());
  serve_http(std::move(options));
  const Client client = dial();
  say(client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return static_cast<bool>(kept); });
  EXPECT_TRUE(kept.respond(200, "first"));
  EXPECT_TRUE(has(until_heard(client, "/2"), "GET /2 [2]"));
}

TEST_P(HttpServerTest, AHalfClosingClientGetsALateAnswer) {
  HttpServerOptions options = server_options();
  HttpExchange kept;
  options.routes.get("/", [&](HttpExchange exchange) { kept = std::move(exchange); });
  serve_http(std::move(options));
  const Client client = dial();
  say(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  with_client(ids[0], [](TcpClient& c) { c.wheel().shutdown_output(); });
  until([&] { return static_cast<bool>(kept); });
  settle();
  EXPECT_TRUE(kept.respond(200, "late"));
  until([&] { return heard(client).ended; });
  EXPECT_EQ(body_of(heard(client).text), "late");
}

TEST_P(HttpServerTest, AThrowingOrForgetfulHandlerIsA500AndTheConnectionGoesOn) {
  HttpServerOptions options = server_options();
  options.routes.get("/throw", [](HttpExchange) { throw std::runtime_error("no luck"); });
  options.routes.get("/forget", [](HttpExchange) {});
  options.routes.get("/wrong",
                     [](HttpExchange exchange) { EXPECT_FALSE(exchange.respond(HttpResponse(204, "body"))); });
  options.routes.get("/*", tell());
  serve_http(std::move(options));
  const std::string all_answers =
      ask("GET /throw HTTP/1.1\r\nHost: a\r\n\r\nGET /forget HTTP/1.1\r\nHost: a\r\n\r\n"
          "GET /wrong HTTP/1.1\r\nHost: a\r\n\r\nGET /fine HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(times(all_answers, "500 Internal Server Error"), 3u);
  EXPECT_TRUE(has(all_answers, "GET /fine"));
  EXPECT_FALSE(has(all_answers, "no luck")) << "what went wrong is not the client's business";
  ASSERT_EQ(warnings.lines.size(), 1u);
  EXPECT_TRUE(has(warnings.lines[0], "GET /throw: no luck"));
}

TEST_P(HttpServerTest, AClientPutsNoLinesIntoTheWarnings) {
  HttpServerOptions options = server_options();
  options.routes.get("/throw/*", [](HttpExchange) { throw std::runtime_error("no luck"); });
  options.routes.get("/source/*", [](HttpExchange exchange) {
    exchange.stream(HttpResponse(200), [](std::string&) -> Result<bool> { throw std::runtime_error("no luck"); });
  });
  serve_http(std::move(options));
  for (const char* what : {"throw", "source"}) {
    warnings.lines.clear();
    ask_for("GET /" + std::string(what) + "/%0apoe:%20fake%20line%1b[2J");
    ASSERT_EQ(warnings.lines.size(), 1u);
    const std::string& line = warnings.lines[0];
    EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c < 0x7f; })) << line;
    EXPECT_TRUE(has(line, "/%0apoe:%20fake%20line%1b[2J")) << line;
  }
}

TEST_P(HttpServerTest, AnAnswerInPiecesWaitsForASlowClient) {
  HttpServerOptions options = server_options();
  const std::string piece(30000, 'p');
  HttpExchange kept;
  int written = 0;
  std::function<void()> more = [&] {
    while (written < 200) {
      ++written;
      const auto output = kept.write(piece);
      ASSERT_TRUE(output) << output.error().report();
      if (*output == Output::high) return kept.on_drained([&] { more(); });
    }
    HttpFields trailers;
    trailers.add("X-Sum", "7");
    EXPECT_TRUE(kept.end(trailers));
  };
  options.routes.get("/", [&](HttpExchange exchange) {
    kept = std::move(exchange);
    EXPECT_TRUE(kept.begin(HttpResponse(200)));
    EXPECT_FALSE(kept.begin(HttpResponse(200))) << "once";
    more();
  });
  serve_http(std::move(options));
  const Client client = dial();
  with_client(ids[0], [](TcpClient& c) { c.wheel().pause_input(); });
  say(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  until([&] { return written > 0; });
  settle();
  EXPECT_LT(written, 200) << "held up";
  with_client(ids[0], [](TcpClient& c) { c.wheel().resume_input(); });
  const std::string text = until_heard(client, "X-Sum: 7\r\n\r\n");
  EXPECT_EQ(times(text, "ppp\r\n"), 200u) << "a chunk each";
  EXPECT_FALSE(kept);
}

TEST_P(HttpServerTest, LargeBodiesAndSourcesLeaveAsFastAsTheyAreTaken) {
  HttpServerOptions options = server_options();
  options.output_limit = 200000;
  const std::string large(3000000, 'l');
  int asked = 0;
  options.routes.get("/large", [&](HttpExchange exchange) { EXPECT_TRUE(exchange.respond(200, large)); });
  options.routes.get("/source", [&](HttpExchange exchange) {
    exchange.stream(HttpResponse(200), [&asked](std::string& piece) -> Result<bool> {
      piece.assign(50000, 's');
      return ++asked < 40;
    });
  });
  options.routes.get("/broken", [&](HttpExchange exchange) {
    exchange.stream(HttpResponse(200), [](std::string&) -> Result<bool> { throw std::runtime_error("no disk"); });
  });
  serve_http(std::move(options));
  EXPECT_EQ(body_of(ask_for("GET /large")).size(), large.size());
  EXPECT_EQ(times(ask_for("GET /source"), "sss\r\n"), 40u);
  const std::string head = ask_for("HEAD /source");
  EXPECT_EQ(body_of(head), "");
  EXPECT_EQ(asked, 40) << "no source is asked for HEAD";
  const std::string broken = ask_for("GET /broken");
  EXPECT_FALSE(has(broken, "0\r\n\r\n")) << "no end that was none";
  ASSERT_EQ(warnings.lines.size(), 1u);
  EXPECT_TRUE(has(warnings.lines[0], "no disk"));
}

TEST_P(HttpServerTest, AnAnswerThatMayHaveNoBodyAsksForNone) {
  HttpServerOptions options = server_options();
  const auto answer_with = [](int status) {
    return [status](HttpExchange exchange) {
      EXPECT_TRUE(exchange.stream(HttpResponse(status), [](std::string& piece) -> Result<bool> {
        ADD_FAILURE() << "asked for a body";
        piece = "a body";
        return false;
      }));
      EXPECT_FALSE(exchange) << "the answer is complete";
    };
  };
  const auto no_events = [](HttpExchange exchange) {  // HTML, 9.2.2: the client is not to come back
    const auto events = HttpEvents::begin(std::move(exchange), HttpResponse(204));
    EXPECT_TRUE(events && !*events);
  };
  options.routes.get("/same", answer_with(304)).get("/nothing", answer_with(204)).get("/events", no_events);
  serve_http(std::move(options));
  EXPECT_EQ(status_of(ask_for("GET /same")), "HTTP/1.1 304 Not Modified");
  EXPECT_EQ(status_of(ask_for("GET /nothing")), "HTTP/1.1 204 No Content");
  EXPECT_EQ(status_of(ask_for("GET /events")), "HTTP/1.1 204 No Content");
  EXPECT_EQ(warnings.lines, std::vector<std::string>());
}

TEST_P(HttpServerTest, ASlowClientOfManyPipelinedRequestsHoldsUpTheirHandling) {
  HttpServerOptions options = server_options();
  int handled = 0;
  options.routes.get("/", [&](HttpExchange exchange) {
    ++handled;
    exchange.respond(200, std::string(60000, 'x'));
  });
  serve_http(std::move(options));
  const Client client = dial();
  with_client(ids[0], [](TcpClient& c) { c.wheel().pause_input(); });
  std::string many;
  for (int i = 0; i < 200; ++i) many += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  say(client, many);
  until([&] { return handled > 0; });
  settle();
  EXPECT_LT(handled, 200);
  with_client(ids[0], [](TcpClient& c) { c.wheel().resume_input(); });
  until([&] { return heard(client).text.size() > 200u * 60000; });
  EXPECT_EQ(handled, 200);
}

// Answers of another session: by an event, and by a coroutine.
class Answerer : public Session {
 public:
  Answerer(Birth birth, HttpRoutes& routes) : Session(std::move(birth)), routes_(routes) {}
  static void handlers(Handlers<Answerer>& table) { table.on(start, &Answerer::begin).on(kAsked, &Answerer::answer); }

 private:
  void begin() { routes_.get("/event", postback(kAsked)); }
  void answer(HttpExchange exchange) { exchange.respond(200, "by event"); }
  HttpRoutes& routes_;
};

Task<> answer_slowly(Self& self, HttpExchange exchange) {
  const auto slept = co_await self.sleep(std::chrono::milliseconds(5));
  if (slept) exchange.respond(200, "by coroutine");
}

TEST_P(HttpServerTest, SessionsAndCoroutinesAnswer) {
  HttpServerOptions options = server_options();
  kernel.spawn<Answerer>(options.routes);
  options.routes.get("/coroutine", [this](HttpExchange exchange) { kernel.spawn(answer_slowly, std::move(exchange)); });
  serve_http(std::move(options));
  EXPECT_EQ(body_of(ask_for("GET /event")), "by event");
  EXPECT_EQ(body_of(ask_for("GET /coroutine")), "by coroutine");
}

TEST_P(HttpServerTest, ParametersOfAQuery) {
  HttpRequest request;
  request.query = "a=1&b=x+y%21&empty=&flag&bad=%z&a=2";
  EXPECT_EQ(request.parameter("a"), "1");
  EXPECT_EQ(request.parameter("b"), "x y!");
  EXPECT_EQ(request.parameter("empty"), "");
  EXPECT_EQ(request.parameter("flag"), "");
  EXPECT_EQ(request.parameter("bad"), std::nullopt);
  EXPECT_EQ(request.parameter("c"), std::nullopt);
}

}  // namespace
}  // namespace poe::test
