// SPDX-License-Identifier: MIT
//
// Observers: told what a kernel does, as it does it. Tracing, the stall watch and the inspectors of other packages are
// observers; a kernel without one pays nothing for them.
#pragma once

#include <cstdint>

#include "poe/export.hpp"
#include "poe/session_id.hpp"

namespace poe {

/// One call of a handler.
struct Dispatch {
  SessionId session;
  SessionId sender;
  const char* event;  ///< its name, valid during the call; the kernel's own begin with '_'
};

/// Told on the loop thread. Must not throw, and must not change the kernel: no posts, no sessions, no handles.
class POE_API Observer {
 public:
  virtual ~Observer();

  /// An event was queued, or is about to be.
  virtual void posted(const Dispatch&) noexcept {}
  /// A handler is called: of an event, a timer, a signal, a descriptor, a call or a change in the family. Calls nest.
  virtual void before(const Dispatch&) noexcept {}
  /// It has returned, or thrown. The session may have ended since before().
  virtual void after(const Dispatch&) noexcept {}
  /// A session was born; its `_start` comes next.
  virtual void started(SessionId, SessionId /*parent*/) noexcept {}
  /// A session has ended, after its `_stop`.
  virtual void stopped(SessionId) noexcept {}
  /// The count of what keeps a session alive has changed (P040), its queued events not among it.
  virtual void references(SessionId, std::uint32_t /*count*/) noexcept {}
  /// A signal was sent, the kernel's own among them: `to` and all below it will get it.
  virtual void signalled(SessionId /*to*/, const char* /*name*/) noexcept {}
  /// The loop has called; `events` are queued.
  virtual void turn_began(std::uint64_t /*events*/) noexcept {}
  virtual void turn_ended(std::uint64_t /*events*/) noexcept {}

 protected:
  Observer() = default;
  Observer(const Observer&) = default;
  Observer& operator=(const Observer&) = default;
};

}  // namespace poe
