// SPDX-License-Identifier: MIT
#include "poe/components/http_socket.hpp"

#include <algorithm>

#include "poe/filters/http_text.hpp"
#include "poe/filters/stream.hpp"

namespace poe {
namespace {

constexpr std::uint16_t kAbnormal = 1006;  // RFC 6455, 7.1.5: the connection ended without a close frame
constexpr std::uint16_t kNoCode = 1005;
constexpr std::uint16_t kGoingAway = 1001;

// RFC 6455, 10.2: browsers say which site the page is of; other programs need not.
bool from_here(const HttpFields& fields) {
  const auto origin = fields.find("Origin");
  if (!origin) return true;
  const std::size_t scheme = origin->find("://");
  const auto host = fields.find("Host");
  return scheme != std::string_view::npos && host && same_name(origin->substr(scheme + 3), *host);
}

// What is wrong with the handshake, as a status; 101 if nothing is (RFC 6455, 4.2.1).
int judge(const HttpRequest& request, const HttpSocketOptions& options) {
  const HttpFields& fields = request.head.fields;
  const bool offered = request.head.method == "GET" && request.head.upgrade && fields.lists("Upgrade", "websocket");
  if (!offered || fields.find("Sec-WebSocket-Version") != std::string_view("13")) return 426;
  if (fields.count("Sec-WebSocket-Key") != 1) return 400;
  if (!websocket_accept(*fields.find("Sec-WebSocket-Key"))) return 400;
  return options.any_origin || from_here(fields) ? 101 : 403;
}

// What is agreed on of permessage-deflate, if anything; the field's values joined as RFC 6455, 9.1 has it.
Result<std::optional<WebSocketDeflateAnswer>> negotiate(const HttpFields& fields, const WebSocketDeflate* deflate) {
  std::string offers;
  for (std::size_t i = 0; deflate != nullptr && i < fields.size(); ++i) {
    if (same_name(fields[i].name, "Sec-WebSocket-Extensions")) offers.append(fields[i].value).append(",");
  }
  if (offers.empty()) return std::nullopt;
  return websocket_deflate_answer(deflate->wanted(), offers);
}

tl::unexpected<Error> refuse(HttpExchange& exchange, int status) {
  HttpResponse response(status, std::string(http_reason(status)) + "\n");
  if (status == 426) {
    response.fields.add("Connection", "Upgrade").add("Upgrade", "websocket").add("Sec-WebSocket-Version", "13");
  }
  exchange.respond(std::move(response));
  return failure(Errc::protocol, "accept", "a WebSocket",
                 "the request is no handshake that can be accepted: it was answered " + std::to_string(status));
}

}  // namespace

struct HttpSocket::State {
  HttpSocketOptions options{};
  HttpTunnel tunnel{};
  std::uint16_t code = kAbnormal;
  std::uint64_t octets = 0;  // of all that had come at the last ping
  unsigned silent = 0;       // intervals in which nothing came
};

Result<HttpSocket> HttpSocket::accept(HttpExchange exchange, HttpSocketOptions options) {
  if (!exchange) return failure(exchange.respond(HttpResponse(500)).error());
  const HttpRequest& request = exchange.request();
  if (const int status = judge(request, options); status != 101) return refuse(exchange, status);
  const auto agreed = negotiate(request.head.fields, options.deflate.get());
  if (!agreed) return refuse(exchange, 400);
  HttpResponse head(101);
  head.fields.add("Connection", "Upgrade").add("Upgrade", "websocket");
  head.fields.add("Sec-WebSocket-Accept", *websocket_accept(*request.head.fields.find("Sec-WebSocket-Key")));
  if (!options.protocol.empty()) head.fields.add("Sec-WebSocket-Protocol", options.protocol);
  WebSocketOptions frames;
  frames.max_message = options.max_message;
  if (*agreed) {
    head.fields.add("Sec-WebSocket-Extensions", (*agreed)->text);
    frames.deflate = options.deflate;
    frames.deflate_terms = (*agreed)->terms;
  }
  HttpSocket socket(std::make_shared<State>());
  socket.state_->options = std::move(options);
  // The output passes on what the input's filter has encoded: frames of several kinds, closing ones too.
  auto tunnel = HttpTunnel::begin(exchange, std::move(head), socket.takeover(), WebSocketFilter(std::move(frames)),
                                  StreamFilter());
  if (!tunnel) return failure(tunnel.error());
  return socket;
}

HttpTakeover HttpSocket::takeover() const {
  HttpTakeover takeover;
  const std::shared_ptr<State> state = state_;
  takeover.begun = [state](HttpTunnel& tunnel) {
    state->tunnel = tunnel;
    HttpSocket socket(state);
    if (state->options.opened) state->options.opened(socket);
  };
  takeover.record = [state](HttpTunnel&, std::string_view record) { HttpSocket(state).take(record); };
  takeover.error = [state](HttpTunnel&, const Error&) {
    HttpSocket socket(state);
    const std::uint16_t code = socket.filter().failure_code().value_or(1002);
    state->code = code;
    socket.close(code);
  };
  takeover.drained = [state](HttpTunnel&) {
    HttpSocket socket(state);
    if (state->options.drained) state->options.drained(socket);
  };
  takeover.drain = [state](HttpTunnel&) { HttpSocket(state).close(kGoingAway); };
  takeover.tick_interval = state->options.ping_interval;
  takeover.tick = [state](HttpTunnel&) { HttpSocket(state).ping(); };
  takeover.gone = [state] {
    state->tunnel = HttpTunnel();
    HttpSocketOptions options = std::exchange(state->options, HttpSocketOptions());  // they may hold the socket
    if (options.closed) options.closed(state->code);
  };
  return takeover;
}

HttpSocket::operator bool() const noexcept { return state_ && state_->tunnel; }

WebSocketFilter& HttpSocket::filter() const {
  return static_cast<WebSocketFilter&>(state_->tunnel.wheel().input_filter());
}

Result<Output> HttpSocket::send(std::string_view message, WebSocketKind kind) {
  if (!*this) return failure(Errc::closed, "send", "a WebSocket message", "the socket has gone, or is being closed");
  std::string text;
  if (auto done = filter().encode_as(kind, message, text); !done) return failure(done.error());
  auto put = state_->tunnel.put(text);
  if (!put && *this) filter().forget_encoded();
  return put;
}

void HttpSocket::close(std::uint16_t code, std::string_view reason) {
  if (!*this) return;
  std::string text;
  const bool put = filter().encode_close(code, reason, text) && state_->tunnel.put(text);
  if (put && state_->code == kAbnormal) state_->code = code;
  state_->tunnel.close();
}

// Any octet counts, for a pong may wait behind a long message.
void HttpSocket::ping() {
  const std::uint64_t octets = state_->tunnel.wheel().in_octets();
  state_->silent = octets == std::exchange(state_->octets, octets) ? state_->silent + 1 : 0;
  if (state_->silent >= std::max(state_->options.ping_limit, 1U)) return state_->tunnel.abort();
  static_cast<void>(send({}, WebSocketKind::ping));
}

void HttpSocket::take(std::string_view record) {
  const WebSocketKind kind = filter().kind();
  switch (kind) {
    case WebSocketKind::text:
    case WebSocketKind::binary:
      if (state_->options.message) state_->options.message(*this, record, kind);
      return;
    case WebSocketKind::ping:
      static_cast<void>(send(record, WebSocketKind::pong));
      return;
    case WebSocketKind::pong:
      return;
    case WebSocketKind::close:
      state_->code = filter().close_code();
      return close(state_->code == kNoCode ? 1000 : state_->code);
  }
}

}  // namespace poe
