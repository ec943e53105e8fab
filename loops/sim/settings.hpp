// SPDX-License-Identifier: MIT
// What create()'s options set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "poe/loop_abi.h"

namespace poe::sim {

struct Settings {
  uint64_t seed = 1;
  bool short_counts = true;           ///< reads and writes do less than asked, now and then
  bool split_batches = true;          ///< a batch may be delivered over several turns
  bool spurious = false;              ///< readiness is reported without cause, now and then
  int64_t least_latency_ns = 1'000;   ///< of what travels over the network
  int64_t most_latency_ns = 200'000;  ///< 0: at once
  size_t buffer = 65'536;             ///< bytes one direction of a stream holds
  size_t descriptors = 65'536;        ///< open at once; beyond: -EMFILE
  int64_t step_cost_ns = 1'000;       ///< virtual time one step takes, so that a busy program's time passes too
};

/// Options as create() lists them: "name=meaning; values; default".
inline constexpr const char* kOptionSchema[] = {
    "seed=all choices follow from it; 0..2^64-1; 1",
    "faults=what goes wrong now and then; none, or a list of short,split,spurious; short,split",
    "latency_us=how long bytes and connections travel over the network; MOST or LEAST-MOST; 1-200",
    "buffer=bytes one direction of a stream holds; 1..2^30; 65536",
    "descriptors=how many may be open at once; 1..2^24; 65536",
    "step_cost_ns=virtual time one step takes; 0..2^30; 1000",
    nullptr,
};

/// Reads the options given to create(). Throws poe::loop::Refusal (-EINVAL) for a value that makes no sense; names
/// not in the schema are the caller's to warn about.
Settings read_settings(const poe_create& how);

}  // namespace poe::sim
