// SPDX-License-Identifier: MIT
//
// Drives a kernel in a mode other than its own run: as a guest of a host program, over a bridge, inside poll(2).
#pragma once

#include <cstdint>
#include <string>

#include "ours.hpp"
#include "poe/loop_kit.h"

namespace poe::bench {

/// A host of the library below a loop, as the conformance kit's tests write it; see hosts.hpp, host_module().
class HostProgram {
 public:
  /// Throws where there is none for that loop.
  explicit HostProgram(const std::string& loop);
  HostProgram(const HostProgram&) = delete;
  HostProgram& operator=(const HostProgram&) = delete;
  ~HostProgram() { table_->destroy(host_); }

  Host address(const std::string& loop) const { return {loop, table_->native(host_)}; }
  void run();
  void stop() { table_->stop(host_); }

 private:
  const poe_kit_foreign* table_;
  void* host_;
};

/// In Run::mode, until no session is left. `begin` makes the first ones, once the kernel has its loop.
void drive(const Run& run, Kernel& kernel, Fn<void()> begin);

}  // namespace poe::bench
