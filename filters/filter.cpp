// SPDX-License-Identifier: MIT
#include "poe/filters/filter.hpp"

namespace poe {

Filter::~Filter() = default;

Result<std::optional<Framing>> Filter::framing(std::string_view) { return std::nullopt; }

}  // namespace poe
