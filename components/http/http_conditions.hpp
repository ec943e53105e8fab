// SPDX-License-Identifier: MIT
//
// Conditional requests (RFC 9110, 13) and byte ranges (14): what the fields of a request ask of a representation.
#pragma once

#include <cstdint>
#include <string>

#include "poe/filters/http_message.hpp"

namespace poe {

struct HttpValidators {
  std::string etag;           ///< with its quotes; a strong one
  std::int64_t modified = 0;  ///< seconds since 1970
};

/// 200: go on; 304; 412. In the order of RFC 9110, 13.2.2. For GET and HEAD.
int http_condition(const HttpRequestHead& request, const HttpValidators& now_there);

struct HttpRange {
  enum class Kind : std::uint8_t { whole, part, unsatisfiable } kind = Kind::whole;
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

/// What of `size` octets is asked for. Of several ranges, and of what cannot be understood: the whole.
/// @param now  seconds since 1970: a date is a strong validator only if it is older than the answer (RFC 9110, 8.8.2.2)
HttpRange http_range(const HttpRequestHead& request, const HttpValidators& now_there, std::uint64_t size,
                     std::int64_t now);

}  // namespace poe
