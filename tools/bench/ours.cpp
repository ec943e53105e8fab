// SPDX-License-Identifier: MIT
#include "ours.hpp"

namespace poe::bench {

namespace {

template <Body kBody>
void on_epoll(Run& run) {
  run.loop = "epoll";
  kBody(run);
}

}  // namespace

Subject our_subject() {
  Subject subject{"poe",
                  POE_VERSION,
                  {our_post, our_ring, our_payload, our_timer_add, our_timer_cancel, our_timer_fire, our_timer_rearm,
                   our_pipes, our_echo, our_timer_set, our_timer_move, our_backlog, our_cross_thread, our_session_life,
                   our_session_size, our_hello, our_delay}};
  subject.can(Kind::line_views, our_line_views);
  subject.can(Kind::line_strings, our_line_strings);
  subject.can(Kind::idle_bytes, our_idle);
#if POE_BENCH_HTTP
  subject.can_listen(Kind::http, our_http);
  subject.can_listen(Kind::file, our_file);
  subject.can_listen(Kind::file_wall, our_file);
#endif
  subject.can(Kind::idle_steps, our_idle_steps);
  subject.can(Kind::idle_switches, our_idle_switches);
  subject.can(Kind::wake_p50, our_wake_p50);
  subject.can(Kind::wake_p99, our_wake_p99);
  subject.can(Kind::attach_cycle, our_attach_cycle);
  subject.can(Kind::attach_leak_fds, our_attach_leak_fds);
  subject.can(Kind::attach_leak_bytes, our_attach_leak_bytes);
  return subject;
}

Subject our_epoll_subject() {
  Subject subject{"poe-epoll", POE_VERSION, {}};
  subject.can(Kind::pipes, on_epoll<our_pipes>);
  subject.can(Kind::echo, on_epoll<our_echo>);
  return subject;
}

}  // namespace poe::bench
