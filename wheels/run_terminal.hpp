// SPDX-License-Identifier: MIT
//
// Pseudo-terminals of the real system.
#pragma once

#include <optional>

#include "poe/error.hpp"
#include "poe/fd.hpp"
#include "poe/wheels/run_options.hpp"

namespace poe {

struct Terminal {
  Fd master;  // ours
  Fd slave;   // the child's; close-on-exec, blocking
};

/// Without a size: that of the terminal we run in ourselves. Errors: the system's, named after the step.
Result<Terminal> open_terminal(const std::optional<WindowSize>& size, bool raw);

/// Errors: the system's.
Result<void> set_window(int master, WindowSize size);

}  // namespace poe
