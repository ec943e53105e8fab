// SPDX-License-Identifier: MIT
//
// What can be chosen for one session or one timer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "poe/time.hpp"
#include "poe/value.hpp"

namespace poe {

/// What becomes of an exception that leaves a handler.
enum class OnThrow : std::uint8_t {
  die,     ///< POE's way: the signal DIE, which ends the program unless somebody handles it (P091, P092)
  stop,    ///< it is logged and this session ends; nobody else is touched
  report,  ///< it is logged and the session goes on
};

/// What becomes of an event that a full mailbox has no room for.
enum class Overflow : std::uint8_t {
  refuse,       ///< the post fails with `limit`; Self::when_room() tells when to try again
  drop_oldest,  ///< the event that has waited longest is dropped: the newest matter, as with positions and prices
};

/// POE's `option`, and what belongs there. A session begins with KernelOptions::sessions.
struct SessionOptions {
  /// Logs each event the session handles, whatever the log's threshold: it was asked for.
  bool trace = false;
  /// Warns when Self::handle() replaces a handler.
  bool debug = false;
  /// Warns when an event has no handler (POE's `default`).
  bool report_unhandled = false;
  /// Handles queued events also while one of its handlers is suspended below a nested slice, as POE does. Off, they
  /// wait, and the handler finds its state as it left it.
  bool reentrant = false;
  OnThrow on_throw = OnThrow::die;
  /// How many events may wait for the session, 0: any number. The kernel's own (signals, timers, exits) always may.
  std::uint32_t mailbox = 0;
  Overflow overflow = Overflow::refuse;
};

/// For Self::every(): ticks that were due while something else ran.
enum class Missed : std::uint8_t {
  coalesce,  ///< however many, they become one tick, at once; then the grid goes on
  skip,      ///< none is told late by a period or more: the next is one of the grid. A period shorter than what other
             ///< handlers take may then never be told.
  catch_up,  ///< each is told, one after another
};

/// A timer that Self::cancel_timers() has taken away.
struct CancelledTimer {
  std::string event;
  TimePoint due;
  std::vector<Value> arguments;  ///< those without a dynamic form are opaque
};

}  // namespace poe
