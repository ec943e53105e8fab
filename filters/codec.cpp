// SPDX-License-Identifier: MIT
#include "poe/filters/codec.hpp"

namespace poe {

Codec::~Codec() = default;

}  // namespace poe
