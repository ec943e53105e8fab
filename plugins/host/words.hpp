// SPDX-License-Identifier: MIT
//
// Small helpers on texts: lists and splitting.
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

}  // namespace poe::host_room
