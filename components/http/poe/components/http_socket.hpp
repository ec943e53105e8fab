// SPDX-License-Identifier: MIT
//
// HttpSocket: a WebSocket (RFC 6455) of an HttpServer. Part of poe::http_server. All on the loop thread.
//
//     options.routes.get("/chat", [](poe::HttpExchange exchange) {
//       poe::HttpSocketOptions chat;
//       chat.message = [](poe::HttpSocket& socket, std::string_view text, poe::WebSocketKind) { socket.send(text); };
//       poe::HttpSocket::accept(std::move(exchange), std::move(chat));
//     });
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "poe/components/http_tunnel.hpp"
#include "poe/filters/websocket.hpp"

namespace poe {

class HttpSocket;

/// Callbacks as those of HttpTakeover.
class HttpSocketOptions {
 public:
  HttpSocketOptions() = default;

  Fn<void(HttpSocket&)> opened;
  /// A whole message; `kind` is text or binary. Pings are answered, and nobody hears of them or of pongs.
  Fn<void(HttpSocket&, std::string_view message, WebSocketKind kind)> message;
  /// A send() may follow after one that answered Output::high.
  Fn<void(HttpSocket&)> drained;
  /// Once, at the end: the code of who closed first, the client or we; 1006 if the connection ended without one.
  Fn<void(std::uint16_t code)> closed;

  /// How often a ping goes out, so that what lies between does not take the connection for dead; zero: never.
  Duration ping_interval{};
  /// A client that has sent nothing at all for so many of these intervals has gone: the connection is broken off, and
  /// `closed` hears 1006. Browsers answer pings by themselves.
  unsigned ping_limit = 3;
  std::size_t max_message = std::size_t{1} << 20;  ///< octets, inflated; over it the socket is closed with 1009
  /// Messages are compressed if the client offers it (RFC 7692): websocket_deflate() of poe::compress. Null: never; see
  /// there what it costs. Several servers may share one.
  std::shared_ptr<const WebSocketDeflate> deflate;
  /// A page of any site may open the socket. Otherwise the Origin that browsers tell must be this server, as the field
  /// Host has it: a page of another site would act with its visitor's cookies.
  bool any_origin = false;
  /// The field Sec-WebSocket-Protocol of the answer, one of those the client offered; empty: none.
  std::string protocol;
};

/// A handle, empty once the connection has gone or is being closed. Copies stand for the same socket.
class POE_API HttpSocket {
 public:
  HttpSocket() noexcept = default;

  /// Answers the request: with 101, or with 400, 403 (origin) or 426 (version) if it is no proper handshake. Error
  /// then: `protocol`, or as HttpExchange::respond().
  static Result<HttpSocket> accept(HttpExchange exchange, HttpSocketOptions options);

  explicit operator bool() const noexcept;
  /// Errors: `closed`; `invalid_argument` for text that is no UTF-8; `limit` as HttpExchange::write().
  Result<Output> send(std::string_view message, WebSocketKind kind = WebSocketKind::text);
  /// Says goodbye; nothing more is delivered. See WebSocketFilter::encode_close() for the codes. No effect once closed.
  void close(std::uint16_t code = 1000, std::string_view reason = {});

 private:
  struct State;
  explicit HttpSocket(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
  WebSocketFilter& filter() const;
  HttpTakeover takeover() const;
  void take(std::string_view record);
  void ping();

  std::shared_ptr<State> state_;
};

}  // namespace poe
