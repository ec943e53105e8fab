// SPDX-License-Identifier: MIT
//
// The real system behind the table of sys_abi.h. Wheels, pipes and drivers never call the system directly: they use
// the table their kernel gives them (Kernel::system()), which is this one unless the loop brings its own.
#pragma once

#include "poe/export.hpp"
#include "poe/sys_abi.h"

namespace poe {

/// The operating system. Constant, shared by all threads.
POE_API const poe_sys& real_system() noexcept;

/// Whether descriptors of that table are the operating system's, also if it wraps single calls. Otherwise it is a
/// simulated world, without processes, signals and files that change.
POE_API bool is_real(const poe_sys& system) noexcept;

}  // namespace poe
