// SPDX-License-Identifier: MIT
#include "poe/components/http_events.hpp"

#include "http_connection.hpp"

namespace poe {

Result<HttpEvents> HttpEvents::begin(HttpExchange exchange, HttpResponse response) {
  response.fields.add("Content-Type", "text/event-stream");
  if (!response.fields.find("Cache-Control")) response.fields.add("Cache-Control", "no-cache");
  const auto to = exchange.connection();
  if (!to) return failure(to.error());
  if (auto done = (*to)->begin_events(std::move(response)); !done) return failure(done.error());
  return HttpEvents(std::move(exchange));
}

Result<Output> HttpEvents::send(const SseEvent& event) {
  std::string text;
  if (auto done = SseFilter().encode_event(event, text); !done) return failure(done.error());
  return exchange_.write(text);
}

Result<Output> HttpEvents::comment(std::string_view text) {
  std::string line;
  if (auto done = SseFilter().encode_comment(text, line); !done) return failure(done.error());
  return exchange_.write(line);
}

std::string_view HttpEvents::last_event_id() const noexcept {
  return exchange_ ? exchange_.request().head.fields.find("Last-Event-ID").value_or("") : std::string_view();
}

}  // namespace poe
