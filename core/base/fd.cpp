// SPDX-License-Identifier: MIT
#include "poe/fd.hpp"

#include "poe/system.hpp"

namespace poe {

const poe_sys& Fd::system() const noexcept { return system_ != nullptr ? *system_ : real_system(); }

void Fd::reset() noexcept {
  if (number_ < 0) return;
  const poe_sys& table = system();
  table.close(table.ctx, std::exchange(number_, -1));
}

}  // namespace poe
