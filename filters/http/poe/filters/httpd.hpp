// SPDX-License-Identifier: MIT
//
// HttpdFilter: the server's side of HTTP/1.1 (POE::Filter::HTTPD), strict: what RFC 9112 says must be rejected is, and
// nothing that follows is read. Requests come as records (the body), with request() beside them; respond() makes the
// text of answers. Part of poe::http, which needs llhttp. Not thread-safe, as every Filter.
//
//     auto& http = static_cast<poe::HttpdFilter&>(wheel.input_filter());   // in the handler of a record
//     std::string text;
//     http.respond(poe::HttpResponseHead(200), "hello " + http.request().target, text);
//     wheel.put(text);
//     if (http.closing()) wheel.shutdown_output();
#pragma once

#include <memory>

#include "poe/filters/http_filter.hpp"

namespace poe {

class HttpdCore;

class POE_API HttpdFilter final : public HttpFilter {
 public:
  explicit HttpdFilter(HttpLimits limits = HttpLimits());

  /// Of the record delivered last. Valid as long as its view. Behind a request that offers an upgrade nothing is read
  /// until it was answered.
  const HttpRequestHead& request() const noexcept;

  /// @name Answers, in the order of the requests
  /// All append text for the wire to `out` and leave it alone on failure. They write Content-Length or
  /// Transfer-Encoding, and Connection; no Date, for a filter knows no clock. Errors: Errc::invalid_argument for a head
  /// that cannot be written (a field with a line end in it, a wrong Content-Length) or when no request waits.
  /// @{
  /// A whole answer. The answer to HEAD is written without its body. A body for a 204, a 304 or the end of HTTP (101,
  /// 2xx to CONNECT) is Errc::invalid_argument, here and in write_body().
  Result<void> respond(const HttpResponseHead& head, std::string_view body, std::string& out);
  /// "100 Continue" and other 1xx but 101: no answer yet.
  Result<void> interim(int status, std::string& out);
  /// An answer in pieces: chunked, unless `head` has a Content-Length or the client speaks HTTP/1.0 (then the end of
  /// the connection is the end of the body). Then write_body().
  Result<void> begin_response(const HttpResponseHead& head, std::string& out);
  /// Trailers are left out where the answer is not chunked.
  Result<void> end_response(std::string& out, const HttpFields& trailers = HttpFields());
  /// The answer to the refused request, when those before it are answered, and if none of these closes the connection.
  Result<void> respond_refusal(std::string& out);
  /// @}

  std::unique_ptr<Filter> clone() const override;
  void reset() noexcept override;

 private:
  HttpdCore& core() const noexcept;
};

}  // namespace poe
