// SPDX-License-Identifier: MIT
//
// A session with an HttpClient, and an HttpServer for it to ask, on one kernel. Real loops only: libcurl has its own
// system calls.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "http_bench.hpp"
#include "poe/components/http_client.hpp"
#include "poe/components/http_client_awaits.hpp"
#include "wheel_bench.hpp"

namespace poe::test {

using Asker = WheelHolder<HttpClient>;

class HttpClientTest : public HttpTest {
 protected:
  using Answer = HttpClient::Answer;

  HttpClientTest() : asker(kernel.spawn<Asker>()) {
    as_asker([](Asker& self) { self.wheel = HttpClient(self); });
  }
  ~HttpClientTest() override { call = HttpCall(); }

  template <class F>
  void as_asker(F f) {
    const auto done = kernel.with<Asker>(asker, f);
    ASSERT_TRUE(done) << done.error().report();
  }
  void set_up_client(HttpClientOptions options) {
    as_asker([&](Asker& self) { self.wheel = HttpClient(self, std::move(options)); });
  }
  /// A server with these routes and a few that all tests may use.
  SessionId serve(HttpServerOptions options) {
    options.routes.add("", "/tell/*", tell());
    options.routes.get("/never", [this](HttpExchange exchange) {
      exchange.on_gone([this] { note("gone"); });
      kept.push_back(std::move(exchange));
    });
    return server = serve_http(std::move(options));
  }
  SessionId serve() { return serve(server_options()); }
  std::string at(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port) + path; }

  /// Asks, and runs until the outcome is there.
  Answer ask(HttpClientRequest request) {
    std::optional<Answer> outcome;
    as_asker([&](Asker& self) {
      call = self.wheel.send(std::move(request), [&outcome](Answer answer) { outcome = std::move(answer); });
    });
    until([&] { return outcome.has_value(); });
    return std::move(*outcome);
  }
  Answer get(const std::string& path) { return ask(HttpClientRequest(at(path))); }
  static HttpClientRequest with(HttpClientRequest request, const HttpClientLimits& limits) {
    request.limits = limits;
    return request;
  }
  static Errc code(const Answer& answer) { return answer ? Errc{} : answer.error().code(); }
  static std::string message(const Answer& answer) {
    return answer ? "status " + std::to_string(answer->status) : answer.error().message();
  }
  std::size_t server_connections() {
    std::size_t count = 0;
    EXPECT_TRUE(kernel.with<HttpServer>(server, [&](HttpServer& s) { count = s.connections(); }));
    return count;
  }

  SessionId asker;
  SessionId server;
  HttpCall call;
  std::vector<HttpExchange> kept;
};

}  // namespace poe::test
