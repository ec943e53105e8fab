// SPDX-License-Identifier: MIT
//
// HttpSender writes one body after its head: of a stated length, in chunks, or up to the end of the connection. Both
// sides use it. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/filters/http_message.hpp"

namespace poe {

/// How a body is delimited on the way out.
struct HttpFraming {
  enum class Kind : std::uint8_t { none, length, chunked, until_close } kind = Kind::none;
  std::uint64_t size = 0;
};

class HttpSender {
 public:
  /// @param written  false: pieces are counted and left out, and may be missing, as in the answer to HEAD
  void begin(HttpFraming framing, bool written = true) noexcept;
  bool busy() const noexcept { return busy_; }
  Result<void> write(std::string_view piece, std::string& out);
  /// The same for octets that somebody else writes, behind what is in `out` so far.
  Result<void> pass(std::uint64_t octets);
  Result<void> end(const HttpFields& trailers, std::string& out);

 private:
  HttpFraming framing_;
  bool written_ = true;
  bool busy_ = false;
};

/// What the fields the caller gave say about the body. Nothing: they do not. Errors: Errc::invalid_argument.
Result<std::optional<std::uint64_t>> stated_length(const HttpFields& fields);
/// Appends the fields, what delimits the body and the empty line. `out` is as before on failure.
Result<void> write_head(std::string_view first_line, const HttpFields& fields, bool length_stated,
                        const HttpFraming& framing, std::string_view connection, std::string& out);

}  // namespace poe
