// SPDX-License-Identifier: MIT
//
// The dates of HTTP (RFC 9110, 5.6.7): whole seconds since 1970, in the text that fields have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace poe {

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::int64_t seconds);
/// Any of the three forms a recipient must understand; nothing if it is none of them.
std::optional<std::int64_t> parse_http_date(std::string_view text);
/// "06/Nov/1994:08:49:37 +0000", as access logs have it.
std::string log_date(std::int64_t seconds);

/// The text of the present second, made once in it.
class HttpDateCache {
 public:
  const std::string& text(std::int64_t seconds) {
    if (text_.empty() || seconds != seconds_) text_ = http_date(seconds_ = seconds);
    return text_;
  }

 private:
  std::int64_t seconds_ = 0;
  std::string text_;
};

}  // namespace poe
