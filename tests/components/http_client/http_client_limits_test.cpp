// SPDX-License-Identifier: MIT
//
// What an HttpClient refuses, and what it says then.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "http_client_bench.hpp"

namespace poe::test {
namespace {

/// 64 KiB of 'a', by gzip -9.
const std::string kSqueezed =
    std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x81\x00\x00\x00\x00\x80\x20\xd6\xfd\x25\x16\xa9\x0a",
                25) +
    std::string(63, '\0') + std::string("\x6a\xff\x91\x20\xc3\x00\x00\x01\x00", 9);

/// A port whose queue of connections is full: the system lets those who come wait.
class FullHouse {
 public:
  FullHouse() {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const address = reinterpret_cast<sockaddr*>(&address_);
    socklen_t size = sizeof address_;
    EXPECT_EQ(::bind(listener_, address, size), 0);
    EXPECT_EQ(::listen(listener_, 0), 0);
    EXPECT_EQ(::getsockname(listener_, address, &size), 0);
    for (const int guest : guests_) ::connect(guest, address, size);
  }
  FullHouse(const FullHouse&) = delete;
  FullHouse& operator=(const FullHouse&) = delete;
  ~FullHouse() {
    ::close(listener_);
    for (const int guest : guests_) ::close(guest);
  }
  std::uint16_t port() const { return ntohs(address_.sin_port); }

 private:
  static int make() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }
  sockaddr_in address_{};
  int listener_ = make();
  std::array<int, 3> guests_{make(), make(), make()};
};

class HttpClientLimitsTest : public HttpClientTest {
 protected:
  /// `address` "::": all of them, 127.0.0.1 too.
  SessionId serve_redirects(const std::string& address = "127.0.0.1") {
    HttpServerOptions options = server_options();
    options.address = address;
    const auto lead = [](const char* where, int status) {
      return [where, status](HttpExchange exchange) {
        HttpResponse response(status, "elsewhere");
        response.fields.add("Location", where);
        exchange.respond(std::move(response));
      };
    };
    options.routes.get("/loop", lead("/loop", 302));
    options.routes.add("", "/see-other", lead("/tell/other", 303));
    options.routes.add("", "/moved", lead("/tell/moved", 307));
    options.routes.get("/file", lead("file:///etc/passwd", 302));
    options.routes.get("/ftp", lead("ftp://127.0.0.1/x", 302));
    options.routes.get("/gopher", lead("gopher://127.0.0.1:70/x", 302));
    options.routes.get("/nobody", lead("http://127.0.0.1:1/", 302));
    return serve(std::move(options));
  }
  static bool has_ipv6() {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    const Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  static HttpClientLimits following(unsigned redirects) {
    HttpClientLimits limits;
    limits.max_redirects = redirects;
    return limits;
  }
  Answer follow(const std::string& path, const std::string& method = "GET", const std::string& body = "") {
    return ask(with(HttpClientRequest(method, at(path), body), following(3)));
  }
};
POE_ON_REAL_LOOPS(HttpClientLimitsTest);

TEST_P(HttpClientLimitsTest, RedirectsAreFollowedOnlyWhenAskedFor) {
  serve_redirects();
  const Answer told = get("/see-other");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status, 303);
  EXPECT_EQ(told->fields.find("Location"), "/tell/other");
  const Answer followed = follow("/see-other");
  ASSERT_TRUE(followed);
  EXPECT_EQ(followed->status, 200);
  EXPECT_EQ(followed->redirects, 1u);
  EXPECT_EQ(followed->url, at("/tell/other"));
  EXPECT_EQ(followed->fields.find("Location"), std::nullopt) << "the fields are the last answer's";
}

TEST_P(HttpClientLimitsTest, APostBecomesAGetOrIsRepeatedAsTheServerSays) {
  serve_redirects();
  EXPECT_EQ(follow("/see-other", "POST", "x")->body, "GET /tell/other [other] ? ");
  EXPECT_EQ(follow("/moved", "POST", "x")->body, "POST /tell/moved [moved] ? x");
  EXPECT_EQ(follow("/moved", "PUT", "x")->status, 307) << "not repeated elsewhere";
}

TEST_P(HttpClientLimitsTest, ALoopOfRedirectsEnds) {
  serve_redirects();
  const Answer answer = follow("/loop");
  EXPECT_EQ(code(answer), Errc::limit);
  EXPECT_EQ(message(answer), "cannot GET " + at("/loop") + ": Maximum (3) redirects followed");
}

TEST_P(HttpClientLimitsTest, RedirectsLeadToHttpAlone) {
  serve_redirects();
  for (const char* path : {"/file", "/ftp", "/gopher"}) {
    const Answer answer = follow(path);
    EXPECT_EQ(code(answer), Errc::protocol) << path << ": " << message(answer);
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().report().find("https only"), std::string::npos) << answer.error().report();
  }
}

TEST_P(HttpClientLimitsTest, OnlyHttpIsAskedFor) {
  for (const char* url :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "", "http://", "http://127.0.0.1:99999/", "http://a b/"}) {
    const Answer answer = ask(HttpClientRequest(url));
    EXPECT_EQ(code(answer), Errc::invalid_argument) << url << ": " << message(answer);
  }
}

TEST_P(HttpClientLimitsTest, RequestsThatCannotBeSentAreRefused) {
  serve();
  const auto refused = [&](HttpClientRequest request) { return code(ask(std::move(request))); };
  const auto field = [&](const char* name, std::string_view value) {
    HttpClientRequest request(at("/tell/x"));
    request.fields.add(name, value);
    return refused(std::move(request));
  };
  EXPECT_EQ(refused(HttpClientRequest("GE T", at("/"))), Errc::invalid_argument);
  EXPECT_EQ(refused(HttpClientRequest("", at("/"))), Errc::invalid_argument);
  EXPECT_EQ(refused(HttpClientRequest("CONNECT", at("/"))), Errc::invalid_argument);
  EXPECT_EQ(refused(HttpClientRequest("HEAD", at("/"), "body")), Errc::invalid_argument);
  EXPECT_EQ(refused(HttpClientRequest(at("/") + std::string("\0x", 2))), Errc::invalid_argument);
  EXPECT_EQ(field("X-A", "1\r\nX-B: 2"), Errc::invalid_argument);
  EXPECT_EQ(field("X A", "1"), Errc::invalid_argument);
  EXPECT_EQ(field("content-length", "1"), Errc::invalid_argument);
  EXPECT_EQ(field("Transfer-Encoding", "chunked"), Errc::invalid_argument);
  EXPECT_EQ(field("X-A", "1\x01"), Errc::invalid_argument);
  EXPECT_EQ(field("X-A", "1\x7f"), Errc::invalid_argument);
  EXPECT_EQ(field("X-A", "1\t2 \xc3\xa9"), Errc{});
}

TEST_P(HttpClientLimitsTest, RefusedConnectionsSayWhereAndWhy) {
  const Answer answer = ask(HttpClientRequest("http://ann:secret@127.0.0.1:1/x?y=z@"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Errc::system);
  EXPECT_EQ(answer.error().number(), ECONNREFUSED);
  EXPECT_EQ(answer.error().message(), "cannot GET http://127.0.0.1:1/x?y=z@: Connection refused");
  EXPECT_EQ(answer.error().advice().find("check that the server runs"), 0u);
  EXPECT_EQ(answer.error().report().find("secret"), std::string::npos);
  const Answer odd = ask(HttpClientRequest("http://ann:sec ret@[x/"));
  EXPECT_EQ(message(odd).find("ret@"), std::string::npos) << message(odd);
  for (const char* url : {"http://ann:sec/ret@host/", "http://ann:sec?ret@host/", "http://ann:sec#ret@host/",
                          "ann:sec//ret@host/", "//ann:sec/ret@host/"}) {
    const Answer broken = ask(HttpClientRequest(url));
    ASSERT_FALSE(broken);
    const std::string report = broken.error().report();
    EXPECT_EQ(report.find("ret@"), std::string::npos) << report;
    EXPECT_EQ(report.find("ann:sec"), std::string::npos) << report;
    EXPECT_NE(report.find("host/"), std::string::npos) << report;
  }
}

TEST_P(HttpClientLimitsTest, NamesNobodyKnowsAreNamed) {
  const Answer answer = ask(HttpClientRequest("http://no-such-host.invalid/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(),
            "cannot GET http://no-such-host.invalid/: Could not resolve host: no-such-host.invalid");
  EXPECT_NE(answer.error().advice().find("getent"), std::string::npos);
}

TEST_P(HttpClientLimitsTest, AServerThatNeverAnswersIsGivenUp) {
  serve();
  HttpClientLimits total;
  total.total_time = 30ms;
  const Answer late = ask(with(HttpClientRequest(at("/never")), total));
  EXPECT_EQ(code(late), Errc::timed_out);
  EXPECT_EQ(message(late),
            "cannot GET " + at("/never") + ": it took more than 30 ms in all; 0 octets of a body have come");
  HttpClientLimits idle;
  idle.idle_time = 20ms;
  const Answer silent = ask(with(HttpClientRequest(at("/never")), idle));
  EXPECT_EQ(code(silent), Errc::timed_out);
  EXPECT_NE(message(silent).find("silent for 20 ms"), std::string::npos) << message(silent);
  as_asker([](Asker& self) { EXPECT_EQ(self.wheel.calls(), 0u); });
}

TEST_P(HttpClientLimitsTest, ConnectingAfterARedirectIsNotTheServersSilence) {
  const FullHouse house;
  HttpServerOptions options = server_options();
  options.routes.get("/full", [&house](HttpExchange exchange) {
    HttpResponse response(302);
    response.fields.add("Location", "http://127.0.0.1:" + std::to_string(house.port()) + "/");
    exchange.respond(std::move(response));
  });
  serve(std::move(options));
  HttpClientLimits limits = following(1);
  limits.idle_time = 20ms;
  limits.connect_time = 80ms;
  const Answer answer = ask(with(HttpClientRequest(at("/full")), limits));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Errc::timed_out) << answer.error().report();
  EXPECT_EQ(message(answer).find("silent"), std::string::npos) << message(answer);
  EXPECT_NE(answer.error().advice().find("connect_time"), std::string::npos) << answer.error().report();
}

TEST_P(HttpClientLimitsTest, TheTotalTimeHoldsWhileWaitingForAConnection) {
  serve();
  HttpClientOptions options;
  options.max_connections = options.max_host_connections = 1;
  set_up_client(std::move(options));
  HttpCall first;
  as_asker([&](Asker& self) { first = self.wheel.get(at("/never"), [](const Answer&) {}); });
  HttpClientLimits limits;
  limits.total_time = 20ms;
  EXPECT_EQ(code(ask(with(HttpClientRequest(at("/tell/x")), limits))), Errc::timed_out);
}

TEST_P(HttpClientLimitsTest, BodiesOverTheLimitAreRefused) {
  HttpServerOptions options = server_options();
  options.routes.get("/announced", [](HttpExchange exchange) { exchange.respond(200, std::string(5000, 'x')); });
  options.routes.get("/chunked", [](HttpExchange exchange) {
    exchange.stream(HttpResponse(200), [](std::string& piece) { return piece.append(1000, 'x'), Result<bool>(true); });
  });
  options.routes.get("/squeezed", [](HttpExchange exchange) {
    HttpResponse response(200, kSqueezed);
    response.fields.add("Content-Encoding", "gzip");
    exchange.respond(std::move(response));
  });
  serve(std::move(options));
  HttpClientLimits limits;
  limits.max_body = 4999;
  for (const char* path : {"/announced", "/chunked", "/squeezed"}) {
    const Answer answer = ask(with(HttpClientRequest(at(path)), limits));
    EXPECT_EQ(code(answer), Errc::limit) << path;
    EXPECT_EQ(message(answer), "cannot GET " + at(path) + ": its body is over 4999 octets");
  }
  limits.max_body = 5000;
  EXPECT_EQ(ask(with(HttpClientRequest(at("/announced")), limits))->body.size(), 5000u);
  const Answer whole = get("/squeezed");
  EXPECT_TRUE(whole && whole->body == std::string(65536, 'a')) << message(whole);
}

TEST_P(HttpClientLimitsTest, HeadsOverTheLimitAreRefused) {
  HttpServerOptions options = server_options();
  options.routes.get("/wide", [](HttpExchange exchange) {
    HttpResponse response(200, "x");
    response.fields.add("X-Wide", std::string(3000, 'x'));
    exchange.respond(std::move(response));
  });
  serve(std::move(options));
  HttpClientLimits limits;
  limits.max_head = 3000;
  EXPECT_EQ(code(ask(with(HttpClientRequest(at("/wide")), limits))), Errc::limit);
  EXPECT_TRUE(get("/wide"));
}

TEST_P(HttpClientLimitsTest, TheHeadOfEachResponseCountsByItself) {
  HttpServerOptions options = server_options();
  options.routes.get("/wide/*", [](HttpExchange exchange) {
    const bool last = exchange.request().rest() == "3";
    HttpResponse response(last ? 200 : 302, "x");
    response.fields.add("X-Wide", std::string(2000, 'x'));
    if (!last) response.fields.add("Location", exchange.request().rest() == "1" ? "/wide/2" : "/wide/3");
    exchange.respond(std::move(response));
  });
  serve(std::move(options));
  HttpClientLimits limits = following(5);
  limits.max_head = 3000;
  const Answer answer = ask(with(HttpClientRequest(at("/wide/1")), limits));
  ASSERT_TRUE(answer) << answer.error().report();
  EXPECT_EQ(answer->redirects, 2u);
}

TEST_P(HttpClientLimitsTest, AnAnswerThatIsCutOffIsNoAnswer) {
  HttpServerOptions options = server_options();
  options.routes.get("/cut", [](HttpExchange exchange) {
    HttpResponse response(200);
    response.fields.add("Content-Length", "100");
    ASSERT_TRUE(exchange.begin(std::move(response)));
    ASSERT_TRUE(exchange.write("only this"));
  });
  serve(std::move(options));
  const Answer answer = get("/cut");
  ASSERT_FALSE(answer);
  EXPECT_TRUE(code(answer) == Errc::end_of_file || answer.error().number() == ECONNRESET) << message(answer);
}

TEST_P(HttpClientLimitsTest, MoreCallsThanMayAreRefusedAtOnce) {
  serve();
  HttpClientOptions options;
  options.max_calls = 1;
  set_up_client(std::move(options));
  HttpCall first;
  as_asker([&](Asker& self) { first = self.wheel.get(at("/never"), [](const Answer&) {}); });
  EXPECT_EQ(code(get("/tell/x")), Errc::limit);
  first.cancel();
  EXPECT_TRUE(get("/tell/x"));
}

TEST_P(HttpClientLimitsTest, AddressesMayBeRefused) {
  serve_redirects();
  HttpClientOptions options;
  options.allow_address = [this](const SocketAddress& address) {
    note(address.to_string());
    return false;
  };
  set_up_client(std::move(options));
  const std::string address = "127.0.0.1:" + std::to_string(port);
  const Answer answer = get("/tell/x");
  EXPECT_EQ(code(answer), Errc::cancelled);
  EXPECT_EQ(message(answer), "cannot GET " + at("/tell/x") + ": allow_address has refused " + address);
  EXPECT_EQ(count(address), 1);
}

// "localhost" is two addresses to libcurl, ::1 and 127.0.0.1, in an order of the system's.
TEST_P(HttpClientLimitsTest, AReasonFromBeforeARedirectIsForgotten) {
  if (!has_ipv6()) GTEST_SKIP() << "this system has no ::1";
  serve_redirects("::");
  HttpClientOptions options;
  options.allow_address = [asked = false](const SocketAddress&) mutable { return std::exchange(asked, true); };
  set_up_client(std::move(options));
  const std::string url = "http://localhost:" + std::to_string(port) + "/nobody";
  const Answer answer = ask(with(HttpClientRequest(url), following(1)));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().number(), ECONNREFUSED) << answer.error().report();
}

TEST_P(HttpClientLimitsTest, TheLastAddressThatWasTriedSaysWhy) {
  if (!has_ipv6()) GTEST_SKIP() << "this system has no ::1";
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  HttpClientOptions options;
  options.allow_address = [before, asked = false](const SocketAddress&) mutable {
    rlimit now = before;
    if (!std::exchange(asked, true)) now.rlim_cur = 0;  // no socket for the first one
    return ::setrlimit(RLIMIT_NOFILE, &now) == 0;
  };
  set_up_client(std::move(options));
  const Answer answer = ask(HttpClientRequest("http://localhost:1/"));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().number(), ECONNREFUSED) << answer.error().report();
}

}  // namespace
}  // namespace poe::test
