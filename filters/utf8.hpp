// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace poe {

/// Whether it is well-formed UTF-8 (RFC 3629): no surrogates, nothing over U+10FFFF, shortest forms.
bool is_utf8(std::string_view text) noexcept;

}  // namespace poe
