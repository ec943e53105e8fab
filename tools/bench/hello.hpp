// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace poe::bench {

/// Starts a program that lies beside this one, `times` times one after the other; all their CPU time together, in ns,
/// from exec to exit. Throws if one of them fails.
double run_programs(const char* name, std::uint64_t times);

}  // namespace poe::bench
