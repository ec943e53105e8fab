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

#include "poe/filters/filter.hpp"
#include "poe/filters/http_message.hpp"

namespace poe {

class HttpClientCore;

class POE_API HttpClientFilter final : public Filter {
 public:
  explicit HttpClientFilter(HttpLimits limits = HttpLimits());
  HttpClientFilter(HttpClientFilter&&) noexcept;
  HttpClientFilter& operator=(HttpClientFilter&&) noexcept;
  ~HttpClientFilter() override;

  /// @name The record delivered last. Valid as long as its view.
  /// @{
  HttpPart part() const noexcept;
  const HttpResponseHead& response() const noexcept;
  const HttpFields& trailers() const noexcept;
  /// @}

  /// Set once an answer was refused; nothing more is read.
  const std::optional<HttpRefusal>& refusal() const noexcept;

  /// @name Requests
  /// As HttpdFilter's answers. A Host field must be there. Errors: Errc::invalid_argument, Errc::limit with
  /// HttpLimits::max_pipelined requests under way, Errc::closed after an answer that ends the connection or HTTP on it.
  /// @{
  Result<void> request(const HttpRequestHead& head, std::string_view body, std::string& out);
  /// A body in pieces: chunked, unless `head` has a Content-Length.
  Result<void> begin_request(const HttpRequestHead& head, std::string& out);
  Result<void> write_body(std::string_view piece, std::string& out);
  Result<void> end_request(std::string& out, const HttpFields& trailers = HttpFields());
  /// For who writes requests by hand: an answer to one of that method will come. `upgrade`: it offers to leave HTTP, as
  /// its fields say ("Connection: Upgrade"); only then a 101 may come.
  void expect_response(std::string_view method, bool upgrade = false);
  /// @}

  /// Requests without an answer yet.
  std::size_t unanswered() const noexcept;
  /// Whether the connection cannot be used for another request.
  bool closing() const noexcept;
  /// Whether what follows is no HTTP: take_pending() has it.
  bool upgraded() const noexcept;

  void feed(std::string_view bytes) override;
  void keep() override;
  /// Interim answers (1xx) are skipped (R33). An answer that nothing asked for is refused.
  Result<std::optional<std::string_view>> next() override;
  /// An answer whose end is the connection's; any other unfinished one is Errc::protocol, once.
  Result<std::optional<std::string_view>> finish() override;
  /// As it is: text that request() and the others made.
  Result<void> encode(std::string_view record, std::string& out) override;
  Result<std::optional<Framing>> framing(std::string_view record) override;
  std::string take_pending() override;
  std::size_t pending_size() const noexcept override;
  std::unique_ptr<Filter> clone() const override;
  /// Also forgets the requests under way.
  void reset() noexcept override;

 private:
  std::unique_ptr<HttpClientCore> core_;
};

}  // namespace poe
