// SPDX-License-Identifier: MIT
//
// HttpServer: an HTTP/1.1 server; TCP or Unix domain. Part of poe::http_server, which needs poe::http (llhttp).
//
//     poe::HttpServerOptions options("127.0.0.1", 8080);
//     options.routes.get("/hello", [](poe::HttpExchange exchange) { exchange.respond(200, "hello\n"); });
//     kernel.spawn<poe::HttpServer>(std::move(options));
//
// Each connection is a session, a child of the server's. All on the loop thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "poe/components/http_routes.hpp"
#include "poe/components/tcp_server.hpp"
#include "poe/filters/http_message.hpp"

namespace poe {

class HttpServer;
struct HttpServerCore;

/// Events that a server answers: post them from anywhere.
namespace http {
inline constexpr Event<> drain{"drain"};  ///< see HttpServer::drain()
}  // namespace http

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
class HttpServerOptions {
 public:
  HttpServerOptions() = default;
  /// As TcpServerOptions: host name, numeric address, or Unix path; empty: all interfaces.
  explicit HttpServerOptions(std::string where, Port its_port = {})
      : address(std::move(where)), port(std::move(its_port)) {}

  // ---- the listener, as in TcpServerOptions
  SocketDomain domain = SocketDomain::any;
  std::string address;
  Port port;
  bool share_port = false;
  std::string alias;
  /// Connections at a time; accepting rests at the limit.
  std::size_t max_connections = 10000;
  Fn<void(HttpServer&)> started;
  Fn<void(HttpServer&)> stopped;
  Fn<void(HttpServer&, const Error&)> error;

  /// HTTPS: a TlsContext (poe/filters/tls.hpp), with the protocols "http/1.1" and "http/1.0" if with any.
  std::shared_ptr<const StreamLayerMaker> tls;

  // ---- requests
  HttpRoutes routes;
  /// Sizes; what is over one is refused (413, 414, 431). `streaming`, `max_pipelined` and `max_buffer` are the
  /// server's.
  HttpLimits limits = default_limits();
  /// Octets of a body that a route has in pieces (HttpBody::streamed); limits.max_body is for all others. Then 413.
  std::uint64_t max_streamed_body = std::uint64_t{1} << 30;
  /// From the first octet of a request (for the first one from the connection) to the end of its head; then 408.
  Duration header_time = std::chrono::seconds(10);
  /// From the end of the head to the end of the body; then 408. In pieces: for each one, while somebody waits for it.
  Duration body_time = std::chrono::seconds(60);
  /// Between two requests; then the connection is closed.
  Duration idle_time = std::chrono::seconds(60);
  /// A client that takes nothing of an answer for that long, or at most twice that, is cut off.
  Duration write_time = std::chrono::seconds(30);
  /// How long a connection that the server ends may stay until the client has ended it too: who closes while octets
  /// come makes its last answer vanish (RFC 9112, 9.6).
  Duration linger_time = std::chrono::seconds(2);

  /// One line for each answer, and for each refused request, when all of it was put: the Combined Log Format, or the
  /// Common one, without a newline; times are UTC. What a client chose is escaped as Apache does it ("\xff"). A file
  /// (HttpExchange::send_file()) is logged when it is queued, with its full size, whether it gets out or not.
  /// Empty: no log.
  Fn<void(std::string_view line)> access_log;
  bool combined_log = true;

  // ---- answers
  /// The field Server; empty: none.
  std::string server_name;
  /// Octets of one connection's output, as in TcpStreamSettings.
  std::size_t high_water = std::size_t{64} << 10;
  std::size_t low_water = std::size_t{16} << 10;
  std::size_t output_limit = std::size_t{4} << 20;
  /// Where warnings go: exceptions of handlers, errors of connections. Must outlive the server. nullptr: stderr_log().
  LogSink* log = nullptr;

 private:
  static HttpLimits default_limits() {
    HttpLimits limits;
    limits.max_head = std::size_t{16} << 10;
    return limits;
  }
};

/// A TcpServer that speaks HTTP: local_address(), connections(), shutdown() and its events are there as well.
///
/// One request of a connection is handled at a time, in their order. After a request that is refused, a time limit, or
/// an answer with "Connection: close", nothing more of that connection is handled.
class POE_API HttpServer : public TcpServer {
 public:
  HttpServer(Birth birth, HttpServerOptions options);
  ~HttpServer() override;

  /// Stops listening, and ends each connection behind the request it has in hand, which is answered with "Connection:
  /// close"; idle ones at once, event streams with their end, WebSockets with 1001. The signal DRAIN does the same:
  /// with Kernel::drain_then_stop() there is a limit of time.
  void drain();

  template <class S>
  static void handlers(Handlers<S>& table) {
    TcpServer::handlers(table);
    table.on(http::drain, &HttpServer::drain);
  }

 private:
  HttpServer(Birth birth, std::shared_ptr<HttpServerCore> core);
  std::shared_ptr<HttpServerCore> core_;
};

}  // namespace poe
