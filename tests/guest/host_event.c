/* SPDX-License-Identifier: MIT */
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "host_program.h"

typedef struct program {
  struct event_base* base;
  struct event *timer, *poll, *signal;
  int pipe[2];
  long bytes, signals_heard;
  host_call* call;
  void* arg;
} program;

static void on_timer(evutil_socket_t fd, short what, void* host) {
  program* p = host;
  (void)fd;
  (void)what;
  if (write(p->pipe[1], "x", 1) != 1) abort();
  raise(SIGUSR2);
  if (p->call) p->call(p->arg);
}

static void on_poll(evutil_socket_t fd, short what, void* host) {
  program* p = host;
  char byte;
  (void)what;
  if (read((int)fd, &byte, 1) == 1) ++p->bytes;
}

static void on_signal(evutil_socket_t number, short what, void* host) {
  (void)number;
  (void)what;
  ++((program*)host)->signals_heard;
}

static void* make(void) {
  program* p = calloc(1, sizeof *p);
  const struct timeval tick = {0, 1000};
  if (!p || pipe(p->pipe) != 0) abort();
  p->base = event_base_new();
  p->timer = event_new(p->base, -1, EV_PERSIST, on_timer, p);
  p->poll = event_new(p->base, p->pipe[0], EV_READ | EV_PERSIST, on_poll, p);
  p->signal = evsignal_new(p->base, SIGUSR2, on_signal, p);
  event_add(p->timer, &tick);
  event_add(p->poll, NULL);
  event_add(p->signal, NULL);
  return p;
}

static void destroy(void* host) {
  program* p = host;
  event_free(p->timer);
  event_free(p->poll);
  event_free(p->signal);
  event_base_free(p->base);
  close(p->pipe[0]);
  close(p->pipe[1]);
  free(p);
}

static void* native(void* host) { return ((program*)host)->base; }
static void run(void* host) { event_base_dispatch(((program*)host)->base); }
static void quit(void* host) { event_base_loopbreak(((program*)host)->base); }
static void on_tick(void* host, host_call* call, void* arg) {
  program* p = host;
  p->call = call;
  p->arg = arg;
}

static int count_one(const struct event_base* base, const struct event* event, void* count) {
  (void)base;
  (void)event;
  ++*(long*)count;
  return 0;
}
static long handles(void* host) {
  long count = 0;
  event_base_foreach_event(((program*)host)->base, count_one, &count);
  return count;
}
static long bytes_read(void* host) { return ((program*)host)->bytes; }
static long signals_heard(void* host) { return ((program*)host)->signals_heard; }

const host_program* host_event(void) {
  static const host_program kHost = {"event", make,    destroy,    native,        run,  quit,
                                     on_tick, handles, bytes_read, signals_heard, NULL, 0};
  return &kHost;
}
