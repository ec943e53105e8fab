// SPDX-License-Identifier: MIT
//
// What lies between a Run and its child: our ends, and the child's.
#pragma once

#include <array>

#include "poe/fd.hpp"
#include "poe/sys_abi.h"
#include "poe/wheels/run_options.hpp"

namespace poe {

/// Whether stdin and stdout of the child are a terminal.
bool has_terminal(const RunOptions& options) noexcept;

/// Which handles of the child lead to us.
struct Captured {
  explicit Captured(const RunOptions& options) noexcept;
  bool input;
  bool output;
  bool errors;
  bool terminal;  // input and output are one
};

struct Conduits {
  // Ours; empty where nothing leads to us.
  Fd both;    // stdin and stdout in one: a socket or a terminal
  Fd input;   // to its stdin
  Fd output;  // from its stdout
  Fd errors;  // from its stderr
  // The child's, close-on-exec, blocking; empty: it has ours. [2] may be empty for `merged`.
  std::array<Fd, 3> child;
  bool merged = false;  // its stderr is its stdout
};

/// Throws std::invalid_argument for options that contradict each other.
void check_run_options(const RunOptions& options);

/// Errors: the system's, operation "pipe", "socketpair", "open" or a step of a terminal's.
Result<Conduits> open_conduits(const poe_sys& system, RunOptions& options);

}  // namespace poe
