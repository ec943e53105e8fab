// SPDX-License-Identifier: MIT
//
// Small helpers on texts: lists, splitting, names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace poe::host_room {

/// "a, b, c"
std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

/// In double quotes.
std::string quoted(std::string_view text);

/// The words between blanks.
std::vector<std::string> split(std::string_view text);

/// A loop's name: 1 to 31 of a-z, 0-9 and _.
bool well_formed(std::string_view name) noexcept;

}  // namespace poe::host_room
