// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace poe::bench {

/// How often this process has asked for heap memory so far: malloc and its family, and so operator new, in the program
/// and in every library. Exact while one thread allocates.
std::uint64_t allocations() noexcept;

}  // namespace poe::bench
