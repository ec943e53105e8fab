// SPDX-License-Identifier: MIT
//
// The small grammar of RFC 9110, section 5, and writing heads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/filters/http_message.hpp"
#include "poe/filters/http_text.hpp"

namespace poe {

/// The error of who wants to write what is no message.
tl::unexpected<Error> misuse(std::string why, std::string advice);

/// Digits and nothing else, below 2^63; an empty text is no number.
std::optional<std::uint64_t> whole_number(std::string_view digits) noexcept;
/// Visible ASCII and nothing else: what a request target may hold, fragments not (RFC 9112, 3.2).
bool is_target(std::string_view text) noexcept;
/// Letters, digits and what reg-name, IPv6 literals and ports are made of; empty is allowed (RFC 9112, 3.2).
bool is_authority(std::string_view text) noexcept;

/// Appends "Name: value" lines. `out` may be left with some of them on failure.
/// Errors: Errc::invalid_argument for a name that is no token, or a value with a control character in it.
Result<void> write_fields(const HttpFields& fields, std::string& out);

}  // namespace poe
