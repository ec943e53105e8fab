// SPDX-License-Identifier: MIT
//
// HTTPS: whom an HttpClient believes, and where a redirect may lead it from there.
#include "certificates.hpp"
#include "http_client_bench.hpp"

namespace poe::test {
namespace {

class HttpClientTlsTest : public HttpClientTest {
 protected:
  void SetUp() override { trust("authority.pem"); }
  void trust(const std::string& authority) {
    HttpClientOptions options;
    if (!authority.empty()) options.ca_file = pem(authority);
    set_up_client(std::move(options));
  }
  void serve_secure(const std::string& certificate) {
    HttpServerOptions options = server_options();
    options.tls = server_context(certificate);
    options.routes.get("/down", lead([this] { return clear_at("/clear"); }));
    port = 0;
    serve(std::move(options));
  }
  /// And one without TLS, which notes who gets as far as "/clear".
  void serve_both() {
    HttpServerOptions options = server_options();
    options.routes.get("/clear", [this](HttpExchange exchange) {
      note("heard in clear");
      exchange.respond(200, "x");
    });
    options.routes.get("/up", lead([this] { return secure_at("/tell/up"); }));
    options.routes.get("/up-and-down", lead([this] { return secure_at("/down"); }));
    serve(std::move(options));
    clear_port = port;
    serve_secure("good");
  }
  static HttpHandler lead(Fn<std::string()> where) {
    return [where = std::move(where)](HttpExchange exchange) mutable {
      HttpResponse response(302);
      response.fields.add("Location", where());
      exchange.respond(std::move(response));
    };
  }
  std::string secure_at(const std::string& path) const { return "https://127.0.0.1:" + std::to_string(port) + path; }
  std::string clear_at(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(clear_port) + path;
  }
  Answer follow(const std::string& url, unsigned redirects) {
    HttpClientLimits limits;
    limits.max_redirects = redirects;
    return ask(with(HttpClientRequest(url), limits));
  }
  std::uint16_t clear_port = 0;
};
POE_ON_REAL_LOOPS(HttpClientTlsTest);

TEST_P(HttpClientTlsTest, AServerOfATrustedAuthorityIsBelieved) {
  serve_secure("good");
  const Answer answer = ask(HttpClientRequest(secure_at("/tell/x")));
  ASSERT_TRUE(answer) << answer.error().report();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "GET /tell/x [x] ? ");
  const Answer again = ask(HttpClientRequest(secure_at("/tell/y")));
  EXPECT_TRUE(again && again->reused) << message(again);
}

TEST_P(HttpClientTlsTest, AServerOfAnUnknownAuthorityIsNot) {
  serve_secure("good");
  for (const char* authority : {"", "stranger.pem"}) {  // the system's own: none of them has signed it
    trust(authority);
    const Answer answer = ask(HttpClientRequest(secure_at("/tell/x")));
    EXPECT_EQ(code(answer), Errc::protocol) << authority << ": " << message(answer);
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().advice().find("ca_file"), std::string::npos) << answer.error().report();
  }
}

TEST_P(HttpClientTlsTest, AServerOfAnotherNameOrTimeIsNotBelieved) {
  for (const char* certificate : {"other", "expired"}) {
    serve_secure(certificate);
    const Answer answer = ask(HttpClientRequest(secure_at("/tell/x")));
    EXPECT_EQ(code(answer), Errc::protocol) << certificate << ": " << message(answer);
  }
}

TEST_P(HttpClientTlsTest, ARedirectMayLeadUpToHttps) {
  serve_both();
  const Answer answer = follow(clear_at("/up"), 1);
  ASSERT_TRUE(answer) << answer.error().report();
  EXPECT_EQ(answer->body, "GET /tell/up [up] ? ");
  EXPECT_EQ(answer->url, secure_at("/tell/up"));
}

TEST_P(HttpClientTlsTest, NoRedirectLeadsDownFromHttps) {
  serve_both();
  for (const std::string& url : {secure_at("/down"), clear_at("/up-and-down")}) {
    const Answer answer = follow(url, 5);
    EXPECT_EQ(code(answer), Errc::protocol) << url << ": " << message(answer);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().message(), "cannot GET " + url + ": a redirect leads from https to http");
    EXPECT_NE(answer.error().report().find(clear_at("/clear")), std::string::npos) << answer.error().report();
  }
  EXPECT_EQ(count("heard in clear"), 0);
}

}  // namespace
}  // namespace poe::test
