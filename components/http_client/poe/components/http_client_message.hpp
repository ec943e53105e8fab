// SPDX-License-Identifier: MIT
//
// What an HttpClient is asked for, and what it brings back. Part of poe::http_client.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "poe/export.hpp"
#include "poe/filters/http_message.hpp"
#include "poe/fn.hpp"
#include "poe/time.hpp"

namespace poe {

/// Limits of one call. Times: kForever is none. Sizes are octets.
struct POE_API HttpClientLimits {
  HttpClientLimits() = default;

  /// For each connection: the look-up of the name, TCP and TLS. Waiting for a free connection is not in it.
  Duration connect_time = std::chrono::seconds(30);
  /// From send() to the end of the answer, redirects and waiting included.
  Duration total_time = std::chrono::minutes(5);
  /// Without a single octet either way once connected; time spent paused does not count.
  Duration idle_time = std::chrono::seconds(60);
  /// Redirects to follow; 0: none, the 3xx is the answer. Only GET, HEAD and POST are ever repeated elsewhere; a POST
  /// becomes a GET after 301, 302 and 303, as in browsers. They lead to http and https alone, from https to https
  /// alone. The fields Authorization and Cookie do not go along to another host; all others do.
  unsigned max_redirects = 0;
  /// Of one response.
  std::size_t max_head = std::size_t{64} << 10;
  /// Of the body, decompressed; also where it is given away in pieces. UINT64_MAX: none.
  std::uint64_t max_body = std::uint64_t{16} << 20;
};

/// An answer, of any status: a 404 is no error.
class POE_API HttpClientResponse {
 public:
  HttpClientResponse() = default;

  int status = 0;
  HttpFields fields;
  HttpFields trailers;
  std::string body;        ///< decompressed; empty if the request had on_piece
  std::string url;         ///< where it came from in the end, without user and password
  unsigned redirects = 0;  ///< that were followed
  int version = 11;        ///< 10, 11, 20: HTTP/1.0, 1.1, 2
  bool reused = false;     ///< it came over a connection of an earlier call
};

/// A GET, until you say otherwise. Move-only.
class POE_API HttpClientRequest {
 public:
  HttpClientRequest() = default;
  explicit HttpClientRequest(std::string where) : url(std::move(where)) {}
  HttpClientRequest(std::string how, std::string where, std::string what = {}, std::string_view type = {})
      : method(std::move(how)), url(std::move(where)), body(std::move(what)) {
    if (!type.empty()) fields.add("Content-Type", type);
  }

  std::string method = "GET";
  /// http:// or https://, percent-encoded. May hold user:password@, which is sent as Basic authorization.
  std::string url;
  /// Beside what the client adds: Host, Accept, User-Agent, Accept-Encoding, Content-Length. Those may be given too,
  /// but for Content-Length, Transfer-Encoding and Connection.
  HttpFields fields;
  std::string body;
  std::optional<HttpClientLimits> limits;  ///< instead of the client's

  /// Called once with the head of the answer (its body is still empty), before the first piece.
  Fn<void(const HttpClientResponse&)> on_head;
  /// Gets the body in pieces as they come, instead of the response. See HttpCall::pause(). After a failure the pieces
  /// are what came before it.
  Fn<void(std::string_view)> on_piece;
};

}  // namespace poe
