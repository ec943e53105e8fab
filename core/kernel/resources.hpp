// SPDX-License-Identifier: MIT
//
// What the kernel keeps of each thing a session has: its node in a slab, in a list of the session's. Plain data; what
// is done with it stands in the file of its subject.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "poe/awaits.hpp"
#include "poe/handles.hpp"
#include "poe/session_options.hpp"
#include "slab.hpp"
#include "timer_table.hpp"

namespace poe {

struct WatchNode {
  std::uint64_t session;
  std::uint32_t entry;  // in fds_
  std::uint32_t interest;
  std::uint32_t paused = 0;
  bool internal = false;     // the kernel's own: keeps nobody alive
  bool blocked = false;      // its session is on the stack of a nested slice
  std::uint8_t calling = 0;  // times its callback is on the stack
  bool dead = false;         // cancelled while calling
  Fn<void(std::uint32_t)> ready{};
  std::uint32_t next_on_fd = kNone;
  Links links{};
};

struct SignalNode {
  std::uint64_t session;
  std::string name;
  std::shared_ptr<Fn<void(const Signal&)>> handler;
  int number = 0;  // OS signal, or 0
  Links links{};
  bool beside = false;  // an await
};

/// A pending await, or one whose outcome is there and waits in the queue to go on.
struct AwaitNode {
  std::uint64_t session;
  Await* await;
  Links links{};
};

class TaskPromise;
class Scope;

/// A Task that was started, with those it awaits.
struct RunNode : TaskRun {
  Links links{};
  void* frame = nullptr;           // of the outermost
  TaskPromise* promise = nullptr;  // in it
  Scope* scope = nullptr;          // whose it is, if any
  Links in_scope{};
  std::uint32_t index = 0;   // its own
  std::uint32_t number = 0;  // in that scope
  bool body = false;         // a session's: the session ends with it
  bool running = false;      // it is on the stack
};

struct ChildNode {
  std::uint64_t session;
  std::int64_t pid;
  Fn<void(const ExitStatus&)> handler;
  std::optional<ExitStatus> status{};  // has ended; the record that tells it is queued
  Links links{};
};

struct AliasNode {
  std::uint64_t session;
  std::string name;
  Links links{};
};

struct ExtraNode {
  std::uint64_t session;
  std::string tag;
  Links links{};
};

/// What dispatch does not need to know of a session.
struct Cold {
  std::uint32_t generation = 0;  // of the slot
  std::uint32_t parent = 0;
  std::uint32_t first_child = kNone;
  Links siblings{};
  std::uint32_t detached_timers = kNone, watches = kNone, signals = kNone, children = kNone, aliases = kNone,
                extras = kNone, awaits = kNone, runs = kNone;
  std::uint32_t postbacks = 0;
  bool started = false;  // `_start` was delivered: the parent has been told, or will be
};

/// What a session has whose options are not the kernel's.
struct OwnOptions {
  SessionOptions options;
  std::uint32_t queued = 0;  // events that wait for it; counted only while it has a limit
};

/// Asked to be told when a mailbox has room.
struct RoomWaiter {
  SessionId who;
  Fn<void()> work;
  std::uint32_t await = kNone;  // who waits in a coroutine, and may give up
};

/// The session it belongs to, and its place in the list of that session's.
template <class T, std::uint32_t N>
std::uint32_t slot_in(const Slab<T, N>& slab, std::uint32_t index) noexcept {
  return SessionId{slab[index].session}.slot();
}
template <class T, std::uint32_t N>
Links& links_in(Slab<T, N>& slab, std::uint32_t index) noexcept {
  return slab[index].links;
}
inline std::uint32_t slot_in(const TimerTable& timers, std::uint32_t index) noexcept { return timers.tag(index).slot; }
inline Links& links_in(TimerTable& timers, std::uint32_t index) noexcept { return timers.what(index).links; }

}  // namespace poe
