// SPDX-License-Identifier: MIT
//
// What poe says to a name it does not know.
#pragma once

#include <string>
#include <vector>

namespace poe::tool {

/// Prints "poe: there is no command "lops"; did you mean "loops"?" and where help is; returns kUsage.
int unknown(const std::string& kind, const std::string& typed, const std::vector<std::string>& known,
            const std::string& help);

}  // namespace poe::tool
