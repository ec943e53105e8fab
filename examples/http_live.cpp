// SPDX-License-Identifier: MIT
// A page that talks: what one visitor says by WebSocket, all hear, by WebSocket and as server-sent events.
// Try: http_live 8080, then http://localhost:8080/ in two windows; or curl -N http://localhost:8080/events
#include <cstdio>
#include <vector>

#include "http_live_page.hpp"
#include "poe/components/http_events.hpp"
#include "poe/components/http_server.hpp"
#include "poe/components/http_socket.hpp"
#include "poe/filters/websocket_deflate.hpp"
#include "poe/open.hpp"

struct Room {
  std::vector<poe::HttpSocket> sockets;
  std::vector<poe::HttpEvents> events;
  void tell(std::string_view text) {
    std::erase_if(sockets, [&](poe::HttpSocket& one) { return !one.send(text); });
    std::erase_if(events, [&](poe::HttpEvents& one) { return !one.send(poe::SseEvent(text)); });
  }
};

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc > 2) return std::fputs("usage: http_live [PORT]    (default 8080; 0: any free one)\n", stderr), 2;

  bool failed = false;
  Room room;
  poe::HttpServerOptions options("127.0.0.1", argc > 1 ? argv[1] : "8080");
  options.started = [](poe::HttpServer& server) {
    if (auto address = server.local_address()) std::printf("listening on %s\n", address->to_string().c_str());
    std::fflush(stdout);
  };
  options.error = [&failed](poe::HttpServer& server, const poe::Error& error) {
    std::fprintf(stderr, "http_live: %s\n", error.message().c_str());
    if (error.operation() == "accept") return;  // out of descriptors: it goes on when there are some
    failed = true;
    server.shutdown();
  };
  options.routes.get("/", [](poe::HttpExchange exchange) { exchange.respond(200, kPage, "text/html; charset=utf-8"); });
  options.routes.get("/ws", [&room, deflate = poe::websocket_deflate()](poe::HttpExchange exchange) {
    poe::HttpSocketOptions socket;
    socket.deflate = deflate;
    socket.message = [&room](poe::HttpSocket&, std::string_view text, poe::WebSocketKind) { room.tell(text); };
    if (auto made = poe::HttpSocket::accept(std::move(exchange), std::move(socket))) room.sockets.push_back(*made);
  });
  options.routes.get("/events", [&room](poe::HttpExchange exchange) {
    if (auto made = poe::HttpEvents::begin(std::move(exchange))) room.events.push_back(std::move(*made));
  });

  auto kernel = poe::open_kernel();
  if (kernel) kernel->spawn<poe::HttpServer>(std::move(options));
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "http_live: %s\n", ran.error().report().c_str());
  return ran && !failed ? 0 : 1;
}
