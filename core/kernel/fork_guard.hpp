// SPDX-License-Identifier: MIT
//
// Tells whether this process is a fork of the one that made it, without a system call: one page that the operating
// system wipes in the child.
#pragma once

namespace poe {

class ForkGuard {
 public:
  ForkGuard();
  ~ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;

  bool forked() const noexcept;
  /// In the child: from now on this process is the one that made it.
  void reset() noexcept;

 private:
  volatile unsigned char* page_ = nullptr;  // nullptr: no such page here, compare process ids
  int pid_;
};

}  // namespace poe
