// SPDX-License-Identifier: MIT
//
// Runs a body in a child process of its own: fresh heap, fresh descriptors, pinned to one processor, and a crash there
// is a sentence here. POSIX and Linux only.
#pragma once

#include <cstdint>
#include <string>

#include "run.hpp"

namespace poe::bench {

struct Outcome {
  double cpu_ns = 0;              ///< of the measured part, or what else the case measures
  std::uint64_t allocations = 0;  ///< of the measured part; of the whole child, of a server
  std::uint64_t calls = 0;        ///< system calls of the whole child; only when traced
  std::string error{};            ///< empty: it went well
};

enum class Trace : bool { no, yes };

/// Runs body(run) in a child and waits for it. Trace::yes counts system calls with ptrace(2); the times are then
/// worthless.
Outcome run_apart(Kind kind, Body body, Run run, Trace trace = Trace::no);

/// The same for a server: another child is its only client, and measures (load.hpp); on another processor, except where
/// the two take turns.
Outcome run_server(Kind kind, Body body, Run run, Trace trace = Trace::no);

/// The processors that sides and load run on, for the report: "sides on CPU 0, load on CPU 1 …".
std::string pinning();

}  // namespace poe::bench
