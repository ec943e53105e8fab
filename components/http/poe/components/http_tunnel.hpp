// SPDX-License-Identifier: MIT
//
// HttpTunnel: a connection after HTTP, when a handler has accepted an upgrade (101). For WebSockets there is
// http_socket.hpp, which stands on this. Part of poe::http_server. All on the loop thread.
//
//     poe::HttpTakeover lines;
//     lines.record = [](poe::HttpTunnel& tunnel, std::string_view line) { tunnel.put(line); };
//     poe::HttpResponse head(101);
//     head.fields.add("Connection", "Upgrade").add("Upgrade", "lines");
//     poe::HttpTunnel::begin(exchange, std::move(head), std::move(lines), poe::LineOptions());
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "poe/components/http_exchange.hpp"
#include "poe/time.hpp"
#include "poe/wheels/any_filter.hpp"

namespace poe {

class HttpTunnel;

/// Callbacks of a tunnel; all run as the connection's session, but for `gone` none after the tunnel has been closed.
/// What one of them throws is a warning in the server's log and breaks the connection off.
class HttpTakeover {
 public:
  HttpTakeover() = default;

  Fn<void(HttpTunnel&)> begun;  ///< the 101 was put; before the first record
  Fn<void(HttpTunnel&, std::string_view record)> record;
  /// The filter has refused something, see Filter::next(). Empty: the tunnel is closed.
  Fn<void(HttpTunnel&, const Error&)> error;
  Fn<void(HttpTunnel&)> drained;  ///< a put() may follow after one that answered Output::high
  Fn<void(HttpTunnel&)> drain;    ///< the server is drained: say goodbye and close(). Empty: closed
  /// Called each time that `tick_interval` has passed, if that is more than zero.
  Fn<void(HttpTunnel&)> tick;
  Duration tick_interval{};
  Fn<void()> gone;  ///< the connection has gone, whoever ended it; once
};

/// A handle, empty once the connection has gone. Copies stand for the same tunnel; one that is dropped ends nothing.
class POE_API HttpTunnel {
 public:
  HttpTunnel() noexcept = default;

  /// Answers with `head`, a 101 with its Connection and Upgrade fields, and takes the connection over with these
  /// filters; an empty `output` is the same as `input`. What the client has sent already goes to `input`. If it has
  /// ended its half before, the connection ends behind `begun`. The server's limits of time end here, but for
  /// HttpServerOptions::write_time. Errors: as HttpExchange::respond(), also if the client did not offer an upgrade;
  /// the exchange may then be answered otherwise.
  static Result<HttpTunnel> begin(HttpExchange& exchange, HttpResponse head, HttpTakeover takeover, AnyFilter input,
                                  AnyFilter output = AnyFilter());

  explicit operator bool() const noexcept;
  /// Queues a record, as ReadWrite::put(). Errors: `limit` as HttpExchange::write(), for a filter that adds no more
  /// than 32 octets; one over the limit that adds more breaks the connection. `closed` once this is false.
  Result<Output> put(std::string_view record);
  /// What was put goes out, then the connection ends; nothing more comes.
  void close();
  /// As close(), but does not wait: what was not written is lost.
  void abort();
  /// Only while this is true.
  ReadWrite& wheel() const noexcept;

 private:
  friend class HttpConnection;
  struct State;
  explicit HttpTunnel(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace poe
