// SPDX-License-Identifier: MIT
//
// Self::stopping(): apart, for <stop_token> is heavy.
#pragma once

#include <stop_token>

#include "poe/session.hpp"

namespace poe {

inline auto Self::stopping() const { return static_cast<const std::stop_source*>(stop_source())->get_token(); }

}  // namespace poe
