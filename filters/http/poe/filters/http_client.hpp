// SPDX-License-Identifier: MIT
//
// HttpClientFilter: the client's side of HTTP/1.1, as strict as HttpdFilter. begin with request(), which makes the text
// of a request and remembers what its answer may look like. Part of poe::http. Not thread-safe, as every Filter.
//
//     poe::HttpRequestHead head("GET", "/");
//     head.fields.add("Host", "example.org");
//     http.request(head, "", text);                       // then wheel.put(text)
//     ... on each record: use(http.response().status, record);
#pragma once

#include <memory>

#include "poe/filters/http_filter.hpp"

namespace poe {

class HttpClientCore;

/// Interim answers (1xx) are skipped (R33). An answer that nothing asked for is refused.
class POE_API HttpClientFilter final : public HttpFilter {
 public:
  explicit HttpClientFilter(HttpLimits limits = HttpLimits());

  /// Of the record delivered last. Valid as long as its view.
  const HttpResponseHead& response() const noexcept;

  /// @name Requests
  /// As HttpdFilter's answers. A Host field must be there. Errors: Errc::invalid_argument, Errc::limit with
  /// HttpLimits::max_pipelined requests under way, Errc::closed after an answer that ends the connection or HTTP on it.
  /// @{
  Result<void> request(const HttpRequestHead& head, std::string_view body, std::string& out);
  /// A body in pieces: chunked, unless `head` has a Content-Length. Then write_body().
  Result<void> begin_request(const HttpRequestHead& head, std::string& out);
  Result<void> end_request(std::string& out, const HttpFields& trailers = HttpFields());
  /// For who writes requests by hand: an answer to one of that method will come. `upgrade`: it offers to leave HTTP, as
  /// its fields say ("Connection: Upgrade"); only then a 101 may come.
  void expect_response(std::string_view method, bool upgrade = false);
  /// @}

  std::unique_ptr<Filter> clone() const override;
  /// Also forgets the requests under way.
  void reset() noexcept override;

 private:
  HttpClientCore& core() const noexcept;
};

}  // namespace poe
