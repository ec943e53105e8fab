// SPDX-License-Identifier: MIT
// poe.sys/1 over the simulated world.
#pragma once

#include "poe/sys_abi.h"
#include "world.hpp"

namespace poe::sim {

/// The table whose calls act on `world`, which must outlive it.
poe_sys make_sys_table(World& world);

}  // namespace poe::sim
