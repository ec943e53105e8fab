// SPDX-License-Identifier: MIT
//
// The parent's side of starting a child: orders written, forked, and the child's report read.
#pragma once

#include <cstdint>

#include "poe/sys_abi.h"
#include "run_conduits.hpp"

namespace poe {

struct Launched {
  std::int64_t pid = 0;
  bool group = false;  // it leads a process group
  Conduits conduits;   // our ends only
};

/// Returns when the program or function runs (P150). Errors: see Run::start_error(); no child is left then.
Result<Launched> launch(const poe_sys& system, RunOptions& options);

/// Errors: the system's.
Result<void> send_signal(std::int64_t pid, bool group, int signal);

/// Kills a child nobody can wait for otherwise, and reaps it.
void end_unwatched(std::int64_t pid) noexcept;

}  // namespace poe
