// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace poe {

/// The content type for an extension in lower case, "html"; empty if it is not known here.
std::string_view content_type_of(std::string_view extension) noexcept;

}  // namespace poe
