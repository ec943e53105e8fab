/* SPDX-License-Identifier: MIT
 *
 * Built as a module that is opened with RTLD_LOCAL: libev exports functions named as libevent's. */
#include <ev.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <poe/loop_kit.h>
#include "epoll_entries.h"

/* One piece of the program's own work. */
typedef struct work {
  ev_timer timer;
  ev_io io;
  poe_kit_call* call;
  void* arg;
  struct work* next;
} work;

typedef struct ev_host {
  struct ev_loop* loop;
  int set; /* libev's epoll set */
  work* work;
} ev_host;

static double to_s(int64_t ns) { return (double)ns / 1e9; }

static void* make_host(void) {
  ev_host* host = calloc(1, sizeof *host);
  if (!host) return NULL;
  host->set = dup(STDERR_FILENO); /* the number that the next descriptor gets, which is libev's set */
  if (host->set >= 0) close(host->set);
  host->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
  if (host->loop) return host;
  free(host);
  return NULL;
}

static void* native(void* host) { return ((ev_host*)host)->loop; }

static void clear(void* argument) {
  ev_host* host = argument;
  while (host->work) {
    work* w = host->work;
    host->work = w->next;
    ev_timer_stop(host->loop, &w->timer);
    ev_io_stop(host->loop, &w->io);
    free(w);
  }
}

static void destroy(void* argument) {
  ev_host* host = argument;
  clear(host);
  ev_loop_destroy(host->loop);
  free(host);
}

static void stop(void* host) { ev_break(((ev_host*)host)->loop, EVBREAK_ONE); }

static void on_limit(struct ev_loop* loop, ev_timer* limit, int events) {
  (void)events;
  *(int*)limit->data = 1;
  ev_break(loop, EVBREAK_ONE);
}

static int run_for(ev_host* host, int64_t at_most_ns, int keeps_alive) {
  ev_timer limit;
  int timed_out = 0;
  ev_now_update(host->loop);
  ev_timer_init(&limit, on_limit, to_s(at_most_ns), 1.);
  limit.data = &timed_out;
  ev_timer_start(host->loop, &limit);
  if (!keeps_alive) ev_unref(host->loop);
  ev_run(host->loop, 0);
  if (!keeps_alive) ev_ref(host->loop);
  ev_timer_stop(host->loop, &limit);
  return timed_out;
}

static int run(void* host, int64_t at_most_ns) {
  run_for(host, at_most_ns, 1);
  return 0;
}

/* libev lists no watchers: the descriptors among them. */
static int64_t count(void* host) { return poe_epoll_entries(((ev_host*)host)->set); }

static void on_timer(struct ev_loop* loop, ev_timer* timer, int events) {
  const work* w = timer->data;
  (void)loop;
  (void)events;
  w->call(w->arg);
}

static void on_reader(struct ev_loop* loop, ev_io* io, int events) {
  const work* w = io->data;
  (void)loop;
  (void)events;
  w->call(w->arg);
}

static work* add_work(ev_host* host, double every_s, int fd, poe_kit_call* call, void* arg) {
  work* w = calloc(1, sizeof *w);
  if (!w) return NULL;
  ev_timer_init(&w->timer, on_timer, every_s, every_s);
  ev_io_init(&w->io, on_reader, fd, EV_READ);
  w->timer.data = w->io.data = w;
  w->call = call;
  w->arg = arg;
  w->next = host->work;
  host->work = w;
  return w;
}

static int add_timer(void* argument, int64_t every_ns, poe_kit_call* call, void* arg) {
  ev_host* host = argument;
  work* w = add_work(host, to_s(every_ns), -1, call, arg);
  if (!w) return -1;
  ev_now_update(host->loop);
  ev_timer_start(host->loop, &w->timer);
  return 0;
}

static int add_reader(void* argument, int fd, poe_kit_call* call, void* arg) {
  ev_host* host = argument;
  work* w = add_work(host, 0., fd, call, arg);
  if (!w) return -1;
  ev_io_start(host->loop, &w->io);
  return 0;
}

static int run_dry(void* host, int64_t at_most_ns) { return !run_for(host, at_most_ns, 0); }

const poe_kit_foreign* poe_kit_host_entry(void) {
  static const poe_kit_foreign kForeign = {sizeof kForeign, 0,     "libev", make_host, native,
                                           destroy,         run,   stop,    count,     add_timer,
                                           add_reader,      clear, run_dry, run};
  return &kForeign;
}
