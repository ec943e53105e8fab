// SPDX-License-Identifier: MIT
//
// Small helpers on texts: lists, splitting, and names that look alike.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace poe::host_room {

/// "a, b, c"
std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

/// The words between blanks.
std::vector<std::string> split(std::string_view text);

/// Those of `known` that differ from `typed` by at most two letters, or begin with it; in their order.
std::vector<std::string> near_names(std::string_view typed, const std::vector<std::string>& known);

}  // namespace poe::host_room
