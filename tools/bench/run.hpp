// SPDX-License-Identifier: MIT
//
// One run of a case by one side, in a process of its own: what to do, and the stopwatch.
#pragma once

#include <time.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "allocations.hpp"
#include "case.hpp"

namespace poe::bench {

/// CPU time of a process's threads, in ns.
inline double cpu_now(clockid_t clock = CLOCK_PROCESS_CPUTIME_ID) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// The wall clock, in ns.
inline double wall_now() noexcept { return cpu_now(CLOCK_MONOTONIC); }

/// What a server and its load generator, two processes, tell each other. In memory that both have.
struct Meeting {
  std::atomic<int> port{0};    ///< where it listens; 0: not yet
  std::atomic<int> worker{0};  ///< the process that answers, to be ended by the load generator; 0: the server itself
};

class Run {
 public:
  std::uint64_t operations = 0;
  unsigned size = 1;
  unsigned active = 1;
  bool takes = true;   ///< pipes: false: nobody reads the byte, so that all `active` pipes stay ready
  std::string loop{};  ///< of our side
  Mode mode = Mode::own;
  int listener = -1;           ///< servers: a listening, non-blocking socket, to be closed by the side
  Meeting* meeting = nullptr;  ///< servers
  bool listens = false;        ///< see Subject::listens

  void begin() noexcept {
    allocated_ = bench::allocations();
    began_ = cpu_now();
  }
  void end() noexcept {
    cpu_ns_ = cpu_now() - began_;
    allocated_ = bench::allocations() - allocated_;
  }
  /// Instead of begin() and end(): all operations together, in the case's unit, where it is not CPU time of this
  /// process.
  void report(double total) noexcept { cpu_ns_ = total; }
  /// CPU time between begin() and end().
  double cpu_ns() const noexcept { return cpu_ns_; }
  /// Allocations between begin() and end().
  std::uint64_t allocations() const noexcept { return allocated_; }

  /// Calls part(operations) to warm up, then measured.
  template <class F>
  void twice(F&& part) {
    part(operations / 8 + size);
    begin();
    part(operations);
    end();
  }

 private:
  double began_ = 0;
  double cpu_ns_ = 0;
  std::uint64_t allocated_ = 0;
};

/// Does one run; throws what went wrong.
using Body = void (*)(Run&);

/// One side: a library, or ourselves, and what it can do. A missing body is nullptr.
struct Subject {
  std::string name;
  std::string version;
  std::array<Body, kKinds> bodies{};
  std::array<bool, kKinds> listens{};  ///< does not use Run::listener, but tells Run::meeting its own port

  /// Pipes that stay ready are the pipes with Run::takes false.
  Body body(Kind kind) const noexcept {
    return bodies[static_cast<std::size_t>(kind == Kind::ready ? Kind::pipes : kind)];
  }
  void can(Kind kind, Body body) noexcept { bodies[static_cast<std::size_t>(kind)] = body; }
  void can_listen(Kind kind, Body body) noexcept {
    can(kind, body);
    listens[static_cast<std::size_t>(kind)] = true;
  }
};

/// POE through its public API, on Run::loop.
Subject our_subject();
/// The same on our epoll loop, whatever Run::loop says: what our other loops are compared with.
Subject our_epoll_subject();

}  // namespace poe::bench
