// SPDX-License-Identifier: MIT
//
// Names that look alike, for "did you mean". Pure function, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "poe/export.hpp"

namespace poe {

/// Those of `known` that differ from `typed` by at most two letters (inserted, left out or replaced), or begin with
/// it; in the order of `known`.
POE_API std::vector<std::string> near_names(std::string_view typed, const std::vector<std::string>& known);

}  // namespace poe
