// SPDX-License-Identifier: MIT
//
// One request to an HttpServer and the answer to it: what a handler is given. Part of poe::http_server.
//
//     [](poe::HttpExchange exchange) { exchange.respond(200, "hello " + exchange.request().path + "\n"); }
//
// An exchange may be kept and answered later, by any session of the kernel, or sent along with an event; it knows when
// the connection has gone. All on the loop thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/filters/http_message.hpp"
#include "poe/fn.hpp"
#include "poe/wheels/read_write.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

class HttpBodyAwait;
class HttpConnection;

struct POE_API HttpRequest {
  HttpRequestHead head;  ///< as it came
  std::string body;      ///< all of it; empty where the route has it in pieces
  HttpFields trailers;   ///< known when the body is complete
  /// Of the target: percent-decoded, without dot segments; "*" for "OPTIONS *". May hold any octet but NUL.
  std::string path;
  std::string query;        ///< behind the '?', as it came
  std::size_t rest_at = 0;  ///< see rest()
  SocketAddress peer = {};  ///< who asks

  /// What of the path lies behind the prefix of its route ("/files/*"); all of it for an exact route.
  std::string_view rest() const noexcept { return std::string_view(path).substr(rest_at); }
  /// The first field of the query of that name, decoded as forms are ('+' is a blank); nothing if there is none.
  std::optional<std::string> parameter(std::string_view name) const;
};

class POE_API HttpResponse : public HttpResponseHead {
 public:
  HttpResponse() = default;
  explicit HttpResponse(int code) : HttpResponseHead(code) {}
  HttpResponse(int code, std::string_view text, std::string_view type = "text/plain; charset=utf-8")
      : HttpResponseHead(code), body(text) {
    fields.add("Content-Type", type);
  }

  std::string body;
};

/// Gives the next piece of a body, a few KiB to some 64 KiB: appends it and says whether there may be more. It must
/// append something or say that there is no more. An error breaks the connection off, for the head is out already.
using HttpSource = Fn<Result<bool>(std::string& piece)>;

/// The right to answer one request once. Move-only. One that is dropped without an answer is answered with 500; if an
/// answer had begun, the connection is broken off, so that nobody takes a part for the whole.
///
/// Errors of what answers: `closed` if the connection has gone, the exchange was answered, or this handle is empty;
/// `invalid_argument` for an answer that cannot be written, see HttpdFilter. The server adds Date and Server, says how
/// the body is delimited, and leaves the body out of answers to HEAD.
class POE_API HttpExchange {
 public:
  HttpExchange() noexcept = default;
  HttpExchange(HttpExchange&&) noexcept = default;
  HttpExchange& operator=(HttpExchange&& other) noexcept;
  ~HttpExchange();

  /// Whether an answer can still be given, or continued.
  explicit operator bool() const noexcept;
  /// Stays as it is as long as this handle is not empty.
  const HttpRequest& request() const noexcept;

  /// @name The body in pieces, for a route with HttpBody::streamed
  /// Its handler is called at the end of the head. Nothing is read while nobody wants a piece, so a client is as fast
  /// as who reads; "100 Continue" is said at the first wish. An answer may begin at any time; one that begins before
  /// the body is complete is the last one of its connection, and what is not read when it ends is dropped. A body that
  /// is malformed, too large (HttpServerOptions::max_streamed_body) or too late (body_time) is answered 400, 413 or
  /// 408, or breaks the connection off if its answer had begun; on_gone is told. Elsewhere, and for a request without a
  /// body, there is nothing to read: request().body has it.
  /// @{
  /// The next piece, never empty: co_await exchange.read() gives a Result<std::string>. Include
  /// poe/components/http_body.hpp. Errors: `end_of_file`; `timed_out`, `limit` or `protocol`, see above; `closed` (the
  /// connection has gone, or the exchange was answered); `invalid_argument` (somebody else gets the pieces).
  HttpBodyAwait read();
  /// Instead: called with each piece, as it comes; with an empty one at the end of the body. Runs as the connection's
  /// session; what it throws is a warning, and breaks the connection off. If the end has come already, it is called at
  /// once, as the session that calls this, to which it also throws. A read() that waits fails with `invalid_argument`.
  void on_body(Fn<void(std::string_view piece)> callback);
  /// Holds on_body up, from the next piece on, or lets it go on.
  void pause_body(bool paused = true);
  /// @}

  /// A whole answer. A large body leaves in pieces, as fast as the client takes it.
  Result<void> respond(HttpResponse response);
  Result<void> respond(int status, std::string_view body, std::string_view type = "text/plain; charset=utf-8") {
    return respond(HttpResponse(status, body, type));
  }

  /// An answer whose body comes from a source, which is asked whenever the output has room. The server keeps it; this
  /// handle may go. `response.body` is not looked at. Give a Content-Length if it is known, or the body is chunked. The
  /// source is not asked where there is no body: for HEAD, 204 and 304.
  Result<void> stream(HttpResponse response, HttpSource source);

  /// An answer whose body is `size` octets of a regular file, from `offset` on: see ReadWrite::put_file().
  /// Content-Length is added; `response.body` is not looked at. Nothing is asked for any more: the answer is complete
  /// when this returns, and logged (HttpServerOptions::access_log) with its full size, for it is queued; the connection
  /// breaks off if the file becomes shorter before it is out. Error also: `invalid_argument` if it is no regular file,
  /// or Content-Length says another size; nothing is out then, so another answer can be given.
  Result<void> send_file(HttpResponse response, Fd file, std::uint64_t offset, std::uint64_t size);

  /// @name An answer in pieces: begin(), write() as often as you like, end(). As for stream().
  /// @{
  Result<void> begin(HttpResponse response);
  /// Output::high: wait for on_drained before the next one. Error also: `limit`, nothing of the piece was taken, the
  /// client is too slow by TcpStreamSettings::output_limit.
  Result<Output> write(std::string_view piece);
  Result<void> end(const HttpFields& trailers = HttpFields());
  /// Called when a write may follow after one that answered Output::high. Runs as the connection's session.
  void on_drained(Fn<void()> callback);
  /// @}

  /// Called once if the connection goes before the answer is complete, or the server answers by itself because of the
  /// body; not when its session is stopped. It may drop the exchange.
  void on_gone(Fn<void()> callback);

 private:
  friend class HttpBodyAwait;
  friend class HttpConnection;
  friend class HttpEvents;
  friend class HttpTunnel;
  struct State;
  explicit HttpExchange(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
  Result<HttpConnection*> connection() const;
  void let_go() noexcept;

  // Why shared_ptr: the connection and the holder of this may go in either order.
  std::shared_ptr<State> state_;
};

}  // namespace poe
