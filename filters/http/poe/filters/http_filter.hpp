// SPDX-License-Identifier: MIT
//
// HttpFilter: what both sides of HTTP/1.1, HttpdFilter and HttpClientFilter, have in common: reading messages, and
// writing their bodies in pieces. Part of poe::http, which needs llhttp. Not thread-safe, as every Filter.
#pragma once

#include <memory>

#include "poe/filters/filter.hpp"
#include "poe/filters/http_message.hpp"

namespace poe {

class HttpCore;

class POE_API HttpFilter : public Filter {
 public:
  ~HttpFilter() override;

  /// @name The record delivered last. Valid as long as its view.
  /// @{
  HttpPart part() const noexcept;
  /// Of a complete message; never mixed into the head's fields (R24).
  const HttpFields& trailers() const noexcept;
  /// @}

  /// Set once a message was refused; next() then told it as Errc::protocol or Errc::limit, and nothing more is read.
  const std::optional<HttpRefusal>& refusal() const noexcept;

  /// Requests without an answer yet: a server's, of those delivered; a client's, of those written.
  std::size_t unanswered() const noexcept;
  /// A server's: whether the connection is to be closed now, for the last answer said so and all of it was written.
  /// A client's: whether the connection cannot be used for another request.
  bool closing() const noexcept;
  /// Whether what follows is no HTTP, after a 101 or a 2xx to CONNECT: take_pending() has it.
  bool upgraded() const noexcept;

  /// A piece of the body of the message that was begun, appended to `out`. Errors: Errc::invalid_argument if none was,
  /// if it has no body, or if that would be longer than its Content-Length.
  Result<void> write_body(std::string_view piece, std::string& out);
  /// Says that `octets` of the body are written without the filter, a file by ReadWrite::put_file() for example, now
  /// and behind what it has written. Errors: Errc::invalid_argument if no body of a stated length is being written, or
  /// that is shorter.
  Result<void> pass_body(std::uint64_t octets);

  void feed(std::string_view bytes) override;
  void keep() override;
  /// Whole messages: the body, a view of the fed bytes where it lies in one piece. Behind a message that ends the
  /// connection everything is dropped (R28).
  Result<std::optional<std::string_view>> next() override;
  /// The answer whose end is the connection's. A message that is not complete is Errc::protocol, once.
  Result<std::optional<std::string_view>> finish() override;
  /// As it is: text that respond(), request() and the others made.
  Result<void> encode(std::string_view record, std::string& out) override;
  std::string take_pending() override;
  std::size_t pending_size() const noexcept override;

 protected:
  explicit HttpFilter(std::unique_ptr<HttpCore> core) noexcept;
  HttpFilter(HttpFilter&&) noexcept;
  HttpFilter& operator=(HttpFilter&&) noexcept;

  std::unique_ptr<HttpCore> core_;
};

}  // namespace poe
