// SPDX-License-Identifier: MIT
//
// Deadline: the one deadline of a loop that waits by itself. Costs no system call. Loop thread only.
#pragma once

#include <algorithm>
#include <cstdint>

#include "poe/loop/time.hpp"
#include "poe/loop_abi.h"

namespace poe::loop {

class Deadline {
 public:
  /// Replaces the former one; POE_NOW_NS and POE_NEVER_NS as for the op arm(). True: it is another one than before.
  bool arm(std::int64_t deadline_ns) noexcept {
    const bool changed = deadline_ns != at_ns_;
    at_ns_ = deadline_ns;
    return changed;
  }

  std::int64_t at_ns() const noexcept { return at_ns_; }

  /// How long a step may wait, in ns: not beyond the deadline, and not longer than `max_wait_ns`.
  std::int64_t limit(std::int64_t max_wait_ns) const noexcept {
    if (max_wait_ns <= 0 || at_ns_ == POE_NOW_NS) return 0;
    if (at_ns_ == POE_NEVER_NS) return max_wait_ns;
    return std::min(max_wait_ns, ns_until(at_ns_, monotonic_ns()));
  }

  /// True once, at or after the deadline, which is then spent.
  bool take_due() noexcept {
    if (at_ns_ == POE_NEVER_NS) return false;
    if (at_ns_ != POE_NOW_NS && monotonic_ns() < at_ns_) return false;
    at_ns_ = POE_NEVER_NS;
    return true;
  }

 private:
  std::int64_t at_ns_ = POE_NEVER_NS;
};

}  // namespace poe::loop
