// SPDX-License-Identifier: MIT
//
// What is measured: a case is a kind of work and its size. Each exists once for every side that can do it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace poe::bench {

enum class Kind : std::uint8_t {
  post,
  ring,
  payload,
  timer_add,
  timer_cancel,
  timer_fire,
  timer_rearm,
  pipes,
  echo,
  timer_set,      ///< as timer_add, at times reckoned from one reading of the clock
  timer_move,     ///< as timer_rearm, the same way
  backlog,        ///< many messages queued before the first is delivered
  cross_thread,   ///< messages from another thread; wall time
  session_life,   ///< to make a session and end it
  session_size,   ///< bytes of memory of an idle session
  hello,          ///< a whole program, from its start to its exit
  delay,          ///< a coroutine that waits for the shortest time
  ready,          ///< pipes that all stay ready: reports and nothing else
  idle_steps,     ///< turns of the loop in half a second in which nothing happens
  idle_switches,  ///< context switches in it
  wake_p50,       ///< from a post of another thread to its handler; wall time
  wake_p99,
  attach_cycle,       ///< to join a host and leave it
  attach_leak_fds,    ///< descriptors left open after all those cycles
  attach_leak_bytes,  ///< heap
  line_views,         ///< lines of 32 octets sent back, each seen as a view
  line_strings,       ///< the same, each an owned string on its way through the program
  http,               ///< requests that are answered "Hello, world!"
  idle_bytes,         ///< memory of a connection on which nothing happens any more
  file,               ///< a file of 10 MB over HTTP
  file_wall,          ///< the same; wall time
};
inline constexpr std::size_t kKinds = 31;

/// Whether a run has several threads, which are not to share one processor.
bool uses_threads(Kind kind);
/// Whether calls and allocations are counted: not where they are several processes' or threads', or there is no work.
bool is_counted(Kind kind);

/// Who drives the kernel.
enum class Mode : std::uint8_t {
  own,     ///< run()
  guest,   ///< a host program, after attach()
  bridge,  ///< a host without descriptors, after bridge()
  embed,   ///< poll(2) on pollable()
};

/// How the number of operations of one run is found.
enum class Count : std::uint8_t {
  by_time,  ///< as many as fit the target time: the cost of one does not depend on their number
  fixed,    ///< the same number for both sides
};

struct Case {
  std::string suite;
  std::string name;
  Kind kind;
  Count count;
  std::uint64_t operations;  ///< with Count::fixed; otherwise those of the run that estimates the cost
  unsigned size;             ///< sessions, live timers, pipes or connections
  unsigned active;           ///< messages under way at once
  bool asio_on_every_loop;   ///< compare each loop with Asio too, not only the epoll one
  bool kernel = false;       ///< about the kernel itself: on epoll only, beside the peers that rivals() names
  Mode mode = Mode::own;
};

/// What one operation is measured in.
const char* unit_of(Kind kind);

/// All cases, in the order they run.
std::vector<Case> all_cases();

/// Operations of one run with Count::fixed. Fewer where the cost of one grows with their number.
std::uint64_t fixed_operations(const Case& which, const std::string& loop);

/// The ratio to be below (`must`) and to aim at (`goal`) for one pair; why: README.md.
struct Aim {
  double must;
  double goal;
  bool difference = false;  ///< not a ratio: what ours is more, in the case's unit
};
Aim aim_of(const Case& which, const std::string& peer);

/// Whom a case of the kernel is compared with, and how close it should be.
struct Rival {
  std::string peer;
  Aim aim;
};
std::vector<Rival> rivals(const Case& which);

}  // namespace poe::bench
