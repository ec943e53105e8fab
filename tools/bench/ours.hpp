// SPDX-License-Identifier: MIT
//
// Our side: the public API only, as a program of a user would use it.
#pragma once

#include <stdexcept>

#include "poe/open.hpp"
#include "run.hpp"

namespace poe::bench {

/// A kernel on Run::loop; throws what open_kernel() says.
inline Kernel open_for(const Run& run) {
  OpenOptions options;
  options.loop = run.loop;
  auto kernel = open_kernel(std::move(options));
  if (!kernel) throw std::runtime_error(kernel.error().message());
  return std::move(*kernel);
}

inline void run_to_end(Kernel& kernel) {
  if (auto ran = kernel.run(); !ran) throw std::runtime_error(ran.error().message());
}

// One file each: ours_post.cpp, ours_timers.cpp, ours_pipes.cpp, ours_echo.cpp, ours_sessions.cpp,
// ours_threads.cpp, ours_delay.cpp, ours_hosts.cpp, ours_lines.cpp, ours_idle.cpp, ours_http.cpp.
void our_post(Run& run);
void our_ring(Run& run);
void our_payload(Run& run);
void our_timer_add(Run& run);
void our_timer_cancel(Run& run);
void our_timer_fire(Run& run);
void our_timer_rearm(Run& run);
void our_pipes(Run& run);
void our_echo(Run& run);
void our_line_views(Run& run);
void our_line_strings(Run& run);
void our_idle(Run& run);
void our_http(Run& run);
void our_file(Run& run);
void our_timer_set(Run& run);
void our_timer_move(Run& run);
void our_backlog(Run& run);
void our_cross_thread(Run& run);
void our_session_life(Run& run);
void our_session_size(Run& run);
void our_hello(Run& run);
void our_delay(Run& run);
void our_idle_steps(Run& run);
void our_idle_switches(Run& run);
void our_wake_p50(Run& run);
void our_wake_p99(Run& run);
void our_attach_cycle(Run& run);
void our_attach_leak_fds(Run& run);
void our_attach_leak_bytes(Run& run);

}  // namespace poe::bench
