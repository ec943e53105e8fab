// SPDX-License-Identifier: MIT
//
// How far the ABI's structs reached in version 1.0: what a caller of any minor must at least have.
#pragma once

#include <cstddef>

#include "poe/loop_abi.h"

namespace poe::loop {

// In bytes. They stay when the structs grow.
inline constexpr std::size_t kHostSize10 = offsetof(poe_host, extension) + sizeof(poe_host::extension);
inline constexpr std::size_t kCreateSize10 = offsetof(poe_create, option_count) + sizeof(poe_create::option_count);
inline constexpr std::size_t kCreateHostEnd = offsetof(poe_create, host) + sizeof(poe_create::host);
inline constexpr std::size_t kHostErrorEnd = offsetof(poe_host, error) + sizeof(poe_host::error);
inline constexpr std::size_t kPollableSize10 = offsetof(poe_pollable, generation) + sizeof(poe_pollable::generation);

}  // namespace poe::loop
