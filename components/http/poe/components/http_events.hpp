// SPDX-License-Identifier: MIT
//
// HttpEvents: server-sent events, an answer that goes on (EventSource in browsers). Part of poe::http_server. All on
// the loop thread.
//
//     options.routes.get("/events", [&](poe::HttpExchange exchange) {
//       if (auto events = poe::HttpEvents::begin(std::move(exchange))) listeners.push_back(std::move(*events));
//     });
//     for (auto& listener : listeners) listener.send(poe::SseEvent("it is noon"));
#pragma once

#include <string_view>
#include <utility>

#include "poe/components/http_exchange.hpp"
#include "poe/filters/sse.hpp"

namespace poe {

/// Move-only; one that is dropped breaks the connection off, and the client comes back after a while. It ends with the
/// client's connection, and when the server is drained.
class POE_API HttpEvents {
 public:
  HttpEvents() noexcept = default;

  /// Answers with the head of an event stream. `response` may have more fields. The stream has ended at once (this is
  /// false) if the client has ended its half, asked by HEAD, or the server is being drained; or with status 204, which
  /// tells the client not to come back. Errors: as HttpExchange::begin().
  static Result<HttpEvents> begin(HttpExchange exchange, HttpResponse response = HttpResponse(200));

  /// Whether the client is still there, as far as is known: a connection that broke silently shows when something is
  /// sent, so send a comment now and then.
  explicit operator bool() const noexcept { return static_cast<bool>(exchange_); }
  /// Errors: as HttpExchange::write() and SseFilter::encode_event().
  Result<Output> send(const SseEvent& event);
  /// What clients skip.
  Result<Output> comment(std::string_view text);
  Result<void> end() { return exchange_.end(); }
  /// What the client says it has got last, when it comes back; empty: nothing.
  std::string_view last_event_id() const noexcept;

  void on_drained(Fn<void()> callback) { exchange_.on_drained(std::move(callback)); }
  /// As HttpExchange::on_gone(), also called when the server is drained. No effect on a stream that has ended.
  void on_gone(Fn<void()> callback) { exchange_.on_gone(std::move(callback)); }

 private:
  explicit HttpEvents(HttpExchange exchange) noexcept : exchange_(std::move(exchange)) {}
  HttpExchange exchange_;
};

}  // namespace poe
