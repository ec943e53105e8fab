// SPDX-License-Identifier: MIT
#include "built_in.hpp"

namespace poe::host_room {

const poe_loop_plugin* built_in(std::string_view name) noexcept {
  for (const LoopEntry entry : built_in_loops())
    if (entry()->name == name) return entry();
  return nullptr;
}

}  // namespace poe::host_room
