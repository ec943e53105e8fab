// SPDX-License-Identifier: MIT
//
// An HttpServer and raw clients on one kernel: what a client says is octets, and so is what it hears.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "poe/components/http_server.hpp"
#include "poe/filters/stream.hpp"
#include "tcp_bench.hpp"

namespace poe::test {

class HttpTest : public TcpTest {
 protected:
  /// What one client has heard so far.
  struct Heard {
    std::string text;
    bool connected = false;
    bool ended = false;  // the server has ended the connection
  };
  using Client = int;

  HttpServerOptions server_options() {
    HttpServerOptions options("127.0.0.1", 0);
    options.started = [this](HttpServer& server) {
      if (auto address = server.local_address()) port = address->port();
    };
    options.stopped = [this](HttpServer&) { note("stopped"); };
    options.log = &warnings;
    return options;
  }
  SessionId serve_http(HttpServerOptions options) {
    const SessionId id = kernel.spawn<HttpServer>(std::move(options));
    until([this] { return port != 0; });
    return id;
  }
  /// A handler that says what it got.
  static HttpHandler tell() {
    return [](HttpExchange exchange) {
      const HttpRequest& r = exchange.request();
      exchange.respond(200,
                       r.head.method + " " + r.path + " [" + std::string(r.rest()) + "] ?" + r.query + " " + r.body);
    };
  }

  Client dial() {
    const Client number = static_cast<Client>(ids.size());
    TcpClientOptions options("127.0.0.1", port);
    options.filter = StreamFilter();
    Heard& heard_here = all[number];
    options.connected = [&heard_here](TcpClient&) { heard_here.connected = true; };
    options.disconnected = [&heard_here](TcpClient&) { heard_here.ended = true; };
    options.server_input = [&heard_here](TcpClient&, std::string_view octets) { heard_here.text.append(octets); };
    options.server_error = [](TcpClient&, const Error&) {};
    ids.push_back(connect(std::move(options)));
    until([&] { return heard_here.connected; });
    return number;
  }
  void say(Client client, std::string_view octets) {
    with_client(ids[static_cast<std::size_t>(client)], [&](TcpClient& c) { EXPECT_TRUE(c.put(octets)); });
  }
  void hang_up(Client client) {
    with_client(ids[static_cast<std::size_t>(client)], [](TcpClient& c) { c.shutdown(); });
  }
  Heard& heard(Client client) { return all[client]; }
  /// Runs until the client has heard that text, and gives all that it heard up to there.
  std::string until_heard(Client client, const std::string& text) {
    until([&] { return heard(client).text.find(text) != std::string::npos || heard(client).ended; });
    return std::exchange(heard(client).text, {});
  }
  /// Says something on a connection of its own and gives all that comes until the server ends it.
  std::string ask(std::string_view octets) {
    const Client client = dial();
    say(client, octets);
    until([&] { return heard(client).ended; });
    return heard(client).text;
  }
  /// The same for a request line: it asks for the end of the connection.
  std::string ask_for(const std::string& line, const std::string& fields = "") {
    return ask(line + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + fields + "\r\n");
  }
  static std::string body_of(const std::string& answer) {
    const std::size_t head = answer.find("\r\n\r\n");
    return head == std::string::npos ? "(no head)" : answer.substr(head + 4);
  }
  static std::string status_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n")); }
  static bool has(const std::string& text, const std::string& what) { return text.find(what) != std::string::npos; }
  static std::size_t times(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
  }

  struct Warnings final : LogSink {
    void write(LogLevel, std::string_view line) noexcept override { lines.emplace_back(line); }
    std::vector<std::string> lines;
  } warnings;
  std::map<Client, Heard> all;
  std::vector<SessionId> ids;
};

}  // namespace poe::test
