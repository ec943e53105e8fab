// SPDX-License-Identifier: MIT
//
// HttpRoutes: which handler answers which method and path. Part of poe::http_server.
//
//     routes.get("/status", &status);
//     routes.post("/jobs", self.postback(new_job));    // an Event<HttpExchange>: the session answers
//     routes.get("/files/*", &files);                  // all paths that begin with "/files/"
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/components/http_exchange.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"

namespace poe {

/// Runs as the connection's session. What it throws is a warning in the server's log and a 500 for the client.
using HttpHandler = Fn<void(HttpExchange)>;

/// When a handler is called, and how it gets the body of the request.
enum class HttpBody : std::uint8_t {
  collected,  ///< at the end of the request; HttpRequest::body is all of it
  streamed,   ///< at the end of the head, if a body follows; the handler reads it, see HttpExchange::read()
};

/// What belongs to a request: a handler, or the answer without one.
struct HttpMatch {
  HttpHandler* handler = nullptr;
  int status = 0;        ///< without a handler: 204 (OPTIONS), 400, 404, 405, 501
  bool streams = false;  ///< the handler reads the body in pieces
  std::string allow;     ///< the methods of that path, for 204 and 405
};

class POE_API HttpRoutes {
 public:
  /// @param method   "GET", any other that llhttp knows, or "" for every one. Who answers GET also gets HEAD, unless
  ///                 that has a handler of its own; OPTIONS is answered by the server in the same way.
  /// @param pattern  a path, or a prefix with a '*' behind its last slash; the longest one wins, an exact path over
  /// all.
  ///                 Paths are compared decoded and without dot segments: write them so.
  /// Throws std::invalid_argument for a pattern without a slash in front, a '*' elsewhere, or a route that exists: bugs
  /// in the caller.
  HttpRoutes& add(std::string_view method, std::string_view pattern, HttpHandler handler,
                  HttpBody body = HttpBody::collected);
  HttpRoutes& get(std::string_view pattern, HttpHandler handler) { return add("GET", pattern, std::move(handler)); }
  HttpRoutes& post(std::string_view pattern, HttpHandler handler, HttpBody body = HttpBody::collected) {
    return add("POST", pattern, std::move(handler), body);
  }

  /// Finds what belongs to `request.head`, and sets its path, query and rest. The handler lives as long as this object
  /// and its rows; those are not changed any more while a server uses them.
  HttpMatch find(HttpRequest& request);
  /// Whether a route has bodies in pieces.
  bool stream() const noexcept { return stream_; }

 private:
  struct Route {
    HttpHandler handler;
    HttpBody body;
  };
  using Methods = std::map<std::string, Route, std::less<>>;
  struct Prefix {
    std::string path;
    Methods methods;
  };
  Methods& methods_of(std::string_view pattern);
  Methods* lookup(HttpRequest& request);

  std::map<std::string, Methods, std::less<>> exact_;
  std::vector<Prefix> prefixes_;  // longest first
  bool stream_ = false;
};

}  // namespace poe
