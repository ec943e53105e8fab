/* SPDX-License-Identifier: MIT */
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "epoll_entries.h"
#include "host_program.h"

typedef struct program {
  struct ev_loop* loop;
  int set; /* libev's epoll set */
  ev_timer timer;
  ev_io poll;
  ev_signal signal;
  int pipe[2];
  long bytes, signals_heard;
  host_call* call;
  void* arg;
} program;

static void on_timer(struct ev_loop* loop, ev_timer* timer, int what) {
  program* p = timer->data;
  (void)loop;
  (void)what;
  if (write(p->pipe[1], "x", 1) != 1) abort();
  raise(SIGUSR2);
  if (p->call) p->call(p->arg);
}

static void on_poll(struct ev_loop* loop, ev_io* poll, int what) {
  program* p = poll->data;
  char byte;
  (void)loop;
  (void)what;
  if (read(poll->fd, &byte, 1) == 1) ++p->bytes;
}

static void on_signal(struct ev_loop* loop, ev_signal* signal, int what) {
  (void)loop;
  (void)what;
  ++((program*)signal->data)->signals_heard;
}

static void* make(void) {
  program* p = calloc(1, sizeof *p);
  if (!p || pipe(p->pipe) != 0) abort();
  p->set = dup(p->pipe[0]); /* the number that the next descriptor gets, which is libev's set */
  close(p->set);
  p->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
  if (!p->loop) abort();
  ev_timer_init(&p->timer, on_timer, .001, .001);
  ev_io_init(&p->poll, on_poll, p->pipe[0], EV_READ);
  ev_signal_init(&p->signal, on_signal, SIGUSR2);
  p->timer.data = p->poll.data = p->signal.data = p;
  ev_timer_start(p->loop, &p->timer);
  ev_io_start(p->loop, &p->poll);
  ev_signal_start(p->loop, &p->signal);
  return p;
}

static void end_work(program* p) {
  ev_timer_stop(p->loop, &p->timer);
  ev_io_stop(p->loop, &p->poll);
  ev_signal_stop(p->loop, &p->signal);
}

static void destroy(void* host) {
  program* p = host;
  end_work(p);
  ev_loop_destroy(p->loop);
  close(p->pipe[0]);
  close(p->pipe[1]);
  free(p);
}

static void* native(void* host) { return ((program*)host)->loop; }
static void run(void* host) { ev_run(((program*)host)->loop, 0); }
static void quit(void* host) { ev_break(((program*)host)->loop, EVBREAK_ONE); }
static void on_tick(void* host, host_call* call, void* arg) {
  program* p = host;
  p->call = call;
  p->arg = arg;
}

/* libev lists no watchers: the descriptors among them, those that it has told the system of. */
static long handles(void* host) { return (long)poe_epoll_entries(((program*)host)->set); }
static long bytes_read(void* host) { return ((program*)host)->bytes; }
static long signals_heard(void* host) { return ((program*)host)->signals_heard; }

static void on_limit(struct ev_loop* loop, ev_timer* limit, int what) {
  (void)what;
  *(int*)limit->data = 0;
  ev_break(loop, EVBREAK_ONE);
}
static int run_dry(void* host) {
  program* p = host;
  ev_timer limit;
  int dry = 1;
  end_work(p);
  ev_now_update(p->loop);
  ev_timer_init(&limit, on_limit, 2., 0.);
  limit.data = &dry;
  ev_timer_start(p->loop, &limit);
  ev_unref(p->loop);
  ev_run(p->loop, 0);
  if (ev_is_active(&limit)) {
    ev_ref(p->loop);
    ev_timer_stop(p->loop, &limit);
  }
  return dry;
}

const host_program* host_ev(void) {
  static const host_program kHost = {"ev",    make,    destroy,    native,        run,     quit,
                                     on_tick, handles, bytes_read, signals_heard, run_dry, 1};
  return &kHost;
}
