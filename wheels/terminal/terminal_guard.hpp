// SPDX-License-Identifier: MIT
//
// TerminalGuard: one wheel's claim to a terminal, and the promise that the terminal gets its settings back: when the
// guard goes, when the program exits, and when a signal ends it.
//
// The one piece of process-wide state of these wheels, because a process has one disposition per signal: a table of
// claims that the signal handler reads. Claims are made and given up under a lock, on any thread; the handler uses
// atomics and functions that may be called there (tcsetattr, tcgetpgrp, poll, write, sigaction, raise) and no others.
// Private; poe::readline and poe::curses each have a copy, table and all.
#pragma once

#include <termios.h>

#include <string_view>
#include <utility>

#include "poe/error.hpp"

namespace poe {

class TerminalGuard {
 public:
  /// No claim.
  TerminalGuard() noexcept = default;
  /// Claims the terminal that `input` is open on and remembers its settings; a farewell goes to `output`. Both stay the
  /// caller's. Errors: system (ENOTTY; EBUSY: somebody has it already), limit (16 terminals a process).
  static Result<TerminalGuard> claim(int input, int output);

  TerminalGuard(TerminalGuard&& other) noexcept : slot_(std::exchange(other.slot_, -1)) {}
  TerminalGuard& operator=(TerminalGuard&& other) noexcept;
  ~TerminalGuard() { release(); }

  explicit operator bool() const noexcept { return slot_ >= 0; }
  /// The settings as they were when it was claimed, or last learnt.
  const termios& settings() const noexcept;
  /// The settings are those to come back to from now on. Only while it is not armed.
  void learn() noexcept;
  /// From now on the terminal is not as it was: faults and exit() give it back. `farewell`, at most 63 octets, is
  /// written to it when its settings have come back, should the program end: what leaves a full-screen mode, for
  /// example. A terminal that takes nothing within 100 ms goes without.
  void arm(std::string_view farewell = {}) noexcept;
  /// While it is armed: so do TERM, INT and others that would end the program, where they are at their default. To be
  /// called when a loop runs that has taken those it ends sessions with: Kernel::run() takes them only from nobody.
  void arm_endings() noexcept;
  /// Gives the settings back, without waiting for what was written to leave; unless this process is a fork of the one
  /// that claimed the terminal, or another program has it now.
  void restore() noexcept;

 private:
  explicit TerminalGuard(int slot) noexcept : slot_(slot) {}
  void release() noexcept;

  int slot_ = -1;
};

}  // namespace poe
