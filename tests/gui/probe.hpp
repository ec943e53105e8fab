// SPDX-License-Identifier: MIT
//
// Probe: a session in a window's program that a test talks to over standard input and output. It has a timer of 50 ms
// and can flood the kernel; what only the toolkit knows it asks for.
//
//     measure MS   -> "measured ticks=40 host=40 frames=118 events=52110"    what happened in the next MS ms
//     flood on|off -> "flood on"                                             an event to itself, again and again
//     log          -> a line for each line of the window's log, after "| "; then "log ends"
//     status       -> "status Connected to 127.0.0.1:7007 as ann"            what the window says of its connection
//     view         -> "view 386x158 end" or "view 386x158 above"             the log's size as laid out, what it shows
//     popup        -> "popup yes" or "popup no"                              whether a menu or a modal dialog is open
#pragma once

#include <string>

#include "poe/kernel.hpp"
#include "poe/wheels/read_write.hpp"

namespace poe::test {

/// The window's log in its last layout.
struct View {
  int width, height;  ///< in pixels
  bool at_end;        ///< its last line is to be seen
};

/// What the toolkit's side answers. On the loop thread.
struct Toolkit {
  Fn<long()> ticks;       ///< of the host's own timer of 50 ms, so far
  Fn<long()> frames;      ///< drawn so far, by a window that asks for a new one all the time
  Fn<std::string()> log;  ///< the text of the window's log
  Fn<std::string()> status;
  Fn<bool()> popup;
  Fn<View()> view;
};

class Probe : public Session {
 public:
  Probe(Birth birth, Toolkit toolkit);
  static void handlers(Handlers<Probe>& table);

 private:
  struct Counts {
    long ticks, host, frames;
    std::uint64_t events;
  };

  void begin();
  void tick() { ++ticks_; }
  void flood();
  void obey(std::string_view command);
  void show_log();
  void show_view();
  void measured();
  Counts counts();

  Toolkit toolkit_;
  ReadWrite commands_;
  Timer every_, end_;
  Counts before_{};
  long ticks_ = 0;
  bool flooding_ = false;
};

}  // namespace poe::test
