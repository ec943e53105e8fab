// SPDX-License-Identifier: MIT
//
// HttpClient: HTTP and HTTPS requests on the kernel's loop; libcurl's multi interface inside. Part of poe::http_client.
//
//     poe::HttpClient client(self);
//     auto answer = co_await client.get("https://example.org/");       // with poe/components/http_client_awaits.hpp
//     call_ = client.get(url, [](poe::Result<poe::HttpClientResponse> answer) { ... });  // or as a call
//     call_ = client.get(url, fetched);                                                  // or as an event
//
// It belongs to one session, whose member or local variable it is. Calls share its connections, which are kept open and
// used again; over TLS they share one by HTTP/2 where the server has it. TLS certificates are always verified. It has
// no threads but those in which libcurl looks up names.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "poe/components/http_client_message.hpp"
#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

class HttpClientCore;
class HttpTransfer;
class HttpAwait;

/// Has a constructor, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
class POE_API HttpClientOptions {
 public:
  HttpClientOptions() = default;

  /// For requests that bring none of their own.
  HttpClientLimits limits;
  /// Calls at a time, waiting ones included; more fail with `limit`.
  std::size_t max_calls = 10000;
  /// Connections at a time, in all and to one host; calls wait for one.
  long max_connections = 64;
  long max_host_connections = 8;
  /// Connections that stay open without a call, for at most 118 s.
  long max_idle_connections = 16;
  /// HTTP/2 over TLS, if the server offers it.
  bool http2 = true;
  /// Asks for compressed bodies (gzip, deflate, br, zstd: what libcurl has) and undoes it. `false`: bodies as they
  /// come.
  bool decompress = true;
  std::string user_agent = "poe";  ///< empty: none
  /// "http://host:port", "socks5h://host:port"; empty: none, unless the next says so.
  std::string proxy;
  /// Whether http_proxy, https_proxy, all_proxy and no_proxy of the environment count. The decision of who starts the
  /// program, not of who writes it; so it is off.
  bool proxy_from_environment = false;
  /// A PEM file of certificate authorities to trust instead of the system's.
  std::string ca_file;
  /// Asked before each connection is opened, also after redirects, with the address it would go to: false refuses. For
  /// programs that fetch what strangers name, to keep them out of the own network. Must not use the client, nor throw.
  /// With a proxy it sees the proxy's address.
  Fn<bool(const SocketAddress&)> allow_address;
};

/// A call under way. Dropping it cancels: nothing is told any more, and the connection is closed if it is in the middle
/// of something. So keep it in the session: the call then ends with it. It may outlive the client.
class POE_API HttpCall {
 public:
  HttpCall() noexcept;
  HttpCall(HttpCall&&) noexcept;
  HttpCall& operator=(HttpCall&&) noexcept;
  ~HttpCall();

  /// Whether the outcome is still to come.
  explicit operator bool() const noexcept;
  void cancel() noexcept;
  /// Lets go without cancelling: it lasts until its end, or the client's.
  void detach() && noexcept;

  /// No piece is delivered any more, and the server is slowed down: what has been read by then is kept, at most some
  /// 100 KiB of the wire, and is not more than max_body when decompressed. The total time goes on.
  void pause() noexcept;
  /// Goes on, not before the caller returns.
  void resume();

 private:
  friend class HttpClient;
  friend class HttpAwait;
  explicit HttpCall(std::shared_ptr<HttpTransfer> transfer) noexcept;
  std::shared_ptr<HttpTransfer> transfer_;
};

/// Loop thread. Dropping it, also inside of what it calls, ends all: those who await a call get the error `closed`,
/// callbacks and events are not told. In the child of a fork every call fails with `forked`: make a new one there; the
/// parent's connections are left alone.
///
/// Errors, which name the method and the URL without its password: invalid_argument (method, URL, field), system (no
/// such host; connection refused: number() has the errno), timed_out, limit (a size, redirects, max_calls), protocol
/// (what came is no HTTP, certificates, a redirect that leads elsewhere than to http and https, or from https to http),
/// end_of_file (the answer was cut off), not_supported (a simulated world), cancelled (allow_address said no), forked,
/// closed.
class POE_API HttpClient {
 public:
  using Answer = Result<HttpClientResponse>;

  /// No client: only assignment and operator bool; a call fails with `closed`, which awaits tell, and nobody else.
  HttpClient() noexcept;
  /// Throws std::system_error where libcurl cannot be started for want of memory.
  explicit HttpClient(Self& self, HttpClientOptions options = {});
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  explicit operator bool() const noexcept { return core_ != nullptr; }
  /// Calls whose outcome is still to come.
  std::size_t calls() const noexcept;

  /// Calls `done` once, later, as the client's session; every error comes that way. Until then the session lives on.
  [[nodiscard]] HttpCall send(HttpClientRequest request, Fn<void(Answer)> done);
  /// The answer comes as an event, which the session has declared: Event<poe::HttpClient::Answer> fetched{"fetched"}.
  [[nodiscard]] HttpCall send(HttpClientRequest request, const Event<Answer>& event);
  /// co_await client.send(request): Result<HttpClientResponse>; also `cancelled` when the session stops.
  HttpAwait send(HttpClientRequest request);

  [[nodiscard]] HttpCall get(std::string url, Fn<void(Answer)> done) {
    return send(HttpClientRequest(std::move(url)), std::move(done));
  }
  [[nodiscard]] HttpCall get(std::string url, const Event<Answer>& event) {
    return send(HttpClientRequest(std::move(url)), event);
  }
  HttpAwait get(std::string url);

 private:
  // Why shared_ptr: it may be dropped inside its own callbacks, and calls outlive it.
  std::shared_ptr<HttpClientCore> core_;
};

}  // namespace poe
