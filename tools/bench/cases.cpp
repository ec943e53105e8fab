// SPDX-License-Identifier: MIT
#include "case.hpp"

#include <cstdlib>
#include <utility>

#include "hosts.hpp"
#include "net.hpp"

namespace poe::bench {

// Without default: a new kind has to say what it is.
bool uses_threads(Kind kind) {
  switch (kind) {
    case Kind::cross_thread:
    case Kind::idle_steps:
    case Kind::idle_switches:
    case Kind::wake_p50:
    case Kind::wake_p99:
      return true;
    case Kind::post:
    case Kind::ring:
    case Kind::payload:
    case Kind::timer_add:
    case Kind::timer_cancel:
    case Kind::timer_fire:
    case Kind::timer_rearm:
    case Kind::pipes:
    case Kind::echo:
    case Kind::timer_set:
    case Kind::timer_move:
    case Kind::backlog:
    case Kind::session_life:
    case Kind::session_size:
    case Kind::hello:
    case Kind::delay:
    case Kind::ready:
    case Kind::attach_cycle:
    case Kind::attach_leak_fds:
    case Kind::attach_leak_bytes:
    case Kind::line_views:
    case Kind::line_strings:
    case Kind::http:
    case Kind::idle_bytes:
    case Kind::file:
    case Kind::file_wall:
      return false;
  }
  std::abort();
}

// What others do meanwhile, or what is a size or a program of its own, tells nothing of the calls of one operation.
bool is_counted(Kind kind) {
  return !uses_threads(kind) && kind != Kind::hello && kind != Kind::attach_leak_fds &&
         kind != Kind::attach_leak_bytes && kind != Kind::idle_bytes;
}

std::vector<Case> all_cases() {
  constexpr std::uint64_t kTimers = 100'000;
  constexpr std::uint32_t kMillion = 1'000'000;
  std::vector<Case> cases{
      {"post", "post", Kind::post, Count::by_time, 20'000, 1, 1, true},
      {"ring", "ring_1000", Kind::ring, Count::by_time, 50'000, 1000, 1000, true},
      {"payload", "payload_int_string32", Kind::payload, Count::by_time, 20'000, 1, 1, true},
      {"timers", "timer_add", Kind::timer_add, Count::fixed, kTimers, 1, 1, false},
      {"timers", "timer_cancel", Kind::timer_cancel, Count::fixed, kTimers, 1, 1, false},
      {"timers", "timer_fire", Kind::timer_fire, Count::fixed, kTimers, 1, 1, false},
      {"timers", "timer_rearm_10k", Kind::timer_rearm, Count::fixed, 4 * kTimers, 10'000, 1, false},
      {"pipes", "pipes_1000_a1", Kind::pipes, Count::by_time, 1'000, 1000, 1, false},
      {"pipes", "pipes_1000_a100", Kind::pipes, Count::by_time, 5'000, 1000, 100, false},
      {"echo", "echo_64b_c1", Kind::echo, Count::fixed, 5'000, 1, 1, false},
      {"echo", "echo_64b_c64", Kind::echo, Count::fixed, 30'000, 64, 64, false},
      {"echo", "echo_64b_c1000", Kind::echo, Count::fixed, 30'000, 1000, 1000, false},
      {"kernel", "self_post", Kind::post, Count::by_time, 20'000, 1, 1, false, true},
      {"kernel", "session_ring_1000", Kind::ring, Count::by_time, 50'000, 1000, 1000, false, true},
      {"kernel", "post_int_string32", Kind::payload, Count::by_time, 20'000, 1, 1, false, true},
      {"kernel", "timer_add_1m", Kind::timer_set, Count::fixed, kMillion, 1, 1, false, true},
      {"kernel", "timer_cancel_1m", Kind::timer_cancel, Count::fixed, kMillion, 1, 1, false, true},
      {"kernel", "timer_fire_1m", Kind::timer_fire, Count::fixed, kMillion, 1, 1, false, true},
      {"kernel", "timer_move_10k", Kind::timer_move, Count::fixed, 4 * kTimers, 10'000, 1, false, true},
      {"kernel", "timer_move_1m", Kind::timer_move, Count::fixed, kMillion, kMillion, 1, false, true},
      {"kernel", "cross_thread_post", Kind::cross_thread, Count::fixed, kMillion, 1, 1, false, true},
      {"kernel", "session_life", Kind::session_life, Count::by_time, 20'000, 1, 1, false, true},
      {"kernel", "session_size", Kind::session_size, Count::fixed, kTimers, 1, 1, false, true},
      {"kernel", "hello_program", Kind::hello, Count::fixed, 50, 1, 1, false, true},
      {"kernel", "coroutine_delay", Kind::delay, Count::by_time, 20'000, 1, 1, false, true},
      {"growth", "sessions_1k", Kind::ring, Count::by_time, 50'000, 1'000, 1, false, true},
      {"growth", "sessions_30k", Kind::ring, Count::by_time, 500'000, 30'000, 1, false, true},
      {"growth", "sessions_1m", Kind::ring, Count::fixed, 30 * kMillion, kMillion, 1, false, true},
      {"growth", "timers_1k", Kind::timer_fire, Count::fixed, 1'000, 1, 1, false, true},
      {"growth", "timers_30k", Kind::timer_fire, Count::fixed, 30'000, 1, 1, false, true},
      {"growth", "timers_1m", Kind::timer_fire, Count::fixed, kMillion, 1, 1, false, true},
      {"growth", "backlog_1k", Kind::backlog, Count::fixed, kMillion, 1'000, 1, false, true},
      {"growth", "backlog_30k", Kind::backlog, Count::fixed, 990'000, 30'000, 1, false, true},
      {"growth", "backlog_1m", Kind::backlog, Count::fixed, 4 * kMillion, kMillion, 1, false, true},
  };
  for (Case& one : host_cases()) cases.push_back(std::move(one));
  for (Case& one : net_cases()) cases.push_back(std::move(one));
  return cases;
}

const char* unit_of(Kind kind) {
  if (kind == Kind::session_size || kind == Kind::attach_leak_bytes || kind == Kind::idle_bytes) return "bytes";
  if (kind == Kind::idle_steps || kind == Kind::idle_switches || kind == Kind::attach_leak_fds) return "";
  return "ns";
}

// Set before anything was measured. Beside raw-epoll only the goal is meant: a `must` of 4 says that nothing is broken.
std::vector<Rival> rivals(const Case& which) {
  if (which.suite == "growth") {
    if (which.kind == Kind::timer_fire) return {{"libev", {1.0, 0.75}}};
    return {{"raw-epoll", {4.0, 2.0}}};
  }
  switch (which.kind) {
    case Kind::post:
      return {{"asio", {0.70, 0.55}}, {"raw-epoll", {4.0, 2.0}}, {"perl-poe", {1.0 / 400, 1.0 / 1000}}};
    case Kind::ring:
      return {{"asio", {0.80, 0.65}}, {"caf", {0.12, 0.10}}};
    case Kind::payload:
      return {{"asio", {0.90, 0.75}}, {"raw-epoll", {2.0, 1.6}}};
    case Kind::timer_set:
      return {{"libev", {1.0, 0.6}}, {"libuv", {0.4, 0.25}}};
    case Kind::timer_cancel:
      return {{"libev", {0.7, 0.35}}, {"libuv", {0.1, 0.1}}};
    case Kind::timer_fire:
      return {{"libev", {1.0, 0.75}}, {"asio", {0.65, 0.65}}};
    case Kind::timer_move:
      return {{"libev", {1.2, 0.7}}, {"libuv", {0.3, 0.2}}};
    case Kind::cross_thread:
      return {{"asio", {0.6, 0.3}}, {"raw-epoll", {2.0, 1.2}}};
    case Kind::session_life:
      return {{"bound-400ns", {1.0, 0.5}}, {"caf", {0.4, 0.2}}};
    case Kind::session_size:
      return {{"bound-256b", {1.0, 0.5}}, {"caf", {0.4, 0.2}}};
    case Kind::hello:
      return {{"raw-epoll", {1.35, 1.2}}};
    case Kind::delay:
      return {{"asio", {1.0, 0.7}}};
    default:
      return {};
  }
}

std::uint64_t fixed_operations(const Case& which, const std::string& loop) {
  return which.suite == "timers" && loop == "qt" ? which.operations / 10 : which.operations;  // Qt searches a list
}

Aim aim_of(const Case& which, const std::string& peer) {
  for (const Rival& rival : rivals(which))
    if (which.kernel && rival.peer == peer) return rival.aim;
  constexpr double kMust = 2.0;  // never slower than twice the same library used directly
  const bool raw = peer.starts_with("raw-");
  switch (which.kind) {
    case Kind::post:
    case Kind::ring:
      // A bare ring buffer is the limit, not a rival: no look-up, no types, no lifetime.
      return {kMust, raw ? 2.0 : 1.0};
    case Kind::payload:
      return {kMust, raw ? 1.6 : 1.0};
    case Kind::timer_add:
    case Kind::timer_cancel:
    case Kind::timer_fire:
    case Kind::timer_rearm:
      return {kMust, raw ? 1.3 : 1.0};
    case Kind::pipes:
      return {kMust, 1.1};
    case Kind::echo:
      return {kMust, which.size == 1 ? 1.15 : 1.1};
    default:
      break;
  }
  return {kMust, 1.0};
}

}  // namespace poe::bench
