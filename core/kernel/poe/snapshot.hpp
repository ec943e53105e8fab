// SPDX-License-Identifier: MIT
//
// A kernel seen from outside: everything that lives and waits in it, at one moment (POE::API::Peek). Values only: it
// stays as it is while the kernel goes on, and may be kept, compared and sent elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "poe/session_id.hpp"
#include "poe/time.hpp"

namespace poe {

struct Snapshot {
  struct Session {
    SessionId id;
    SessionId parent;
    std::vector<std::string> aliases;
    std::vector<std::string> events;  ///< that it has handlers for, by name
    std::vector<std::string> extras;  ///< tags of its extra references
    std::uint32_t references;         ///< of all kinds (P040), queued events not counted
    std::uint32_t postbacks;
    std::uint32_t queued;   ///< events on their way to it, the kernel's own not counted
    std::uint32_t mailbox;  ///< their limit; 0: none
    bool stopping;
  };
  struct Event {
    SessionId to;
    SessionId from;
    std::string name;
  };
  struct Timer {
    SessionId session;
    std::string event;
    TimePoint due;
    Duration period;  ///< 0: once
  };
  struct Watch {
    SessionId session;
    int fd;
    std::uint32_t interest;  ///< POE_READ ...
    std::uint32_t paused;
  };
  struct Signal {
    SessionId session;
    std::string name;
  };
  struct Child {
    SessionId session;
    std::int64_t pid;
  };

  TimePoint taken;
  std::string loop;
  std::vector<Session> sessions;  ///< by id
  std::vector<Event> queue;       ///< the first is handled first
  std::vector<Timer> timers;      ///< the first is due first
  std::vector<Watch> watches;
  std::vector<Signal> signal_watches;
  std::vector<Child> children;
};

}  // namespace poe
