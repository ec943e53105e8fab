// SPDX-License-Identifier: MIT
//
// What signal and child handlers are given. Names are without the "SIG": "INT", "USR1", "CHLD"; a program may invent
// others. Kernel-made: IDLE, ZOMBIE, DIE, UIDESTROY, DRAIN (Kernel::drain_then_stop()). Terminal ones (QUIT INT KILL
// TERM HUP IDLE DIE) stop every session they reach unless somebody calls handled(); ZOMBIE and UIDESTROY stop them in
// any case; all others stop nobody.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/export.hpp"
#include "poe/session_id.hpp"
#include "poe/value.hpp"

namespace poe {

/// One signal on its way through the session tree, deepest sessions first (P068).
class POE_API Signal {
 public:
  explicit Signal(std::string signal, std::vector<Value> with = {})
      : name(std::move(signal)), arguments(std::move(with)) {}

  std::string name;
  std::vector<Value> arguments;
  /// For DIE: what was thrown, by whom, while handling what (P091). Otherwise empty.
  std::exception_ptr exception{};
  SessionId source{};
  std::string event{};
  SessionId sender{};  ///< who had sent that event
  /// Of the source, when it threw: parent first, the kernel last. They hear of it after the source and all below it.
  std::vector<SessionId> ancestors{};
  const char* file = "";  ///< where its handler was registered, and the line; "" if there is none
  std::uint32_t line = 0;

  /// Marks the signal as handled, which saves all sessions it reaches from a terminal one (P069); not from ZOMBIE and
  /// UIDESTROY (P071).
  void handled() const noexcept { handled_ = true; }
  bool is_handled() const noexcept { return handled_; }

 private:
  mutable bool handled_ = false;
};

/// How a child process ended.
struct ExitStatus {
  std::int64_t pid = 0;
  int code = 0;    ///< exit status 0..255 if `signal` is 0
  int signal = 0;  ///< the signal that ended it, or 0
  bool core_dumped = false;
  bool success() const noexcept { return code == 0 && signal == 0; }
};

}  // namespace poe
