/* SPDX-License-Identifier: MIT */
#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include <poe/loop_kit.h>

/* One piece of the program's own work. */
typedef struct work {
  struct event* event;
  poe_kit_call* call;
  void* arg;
  struct work* next;
} work;

typedef struct event_host {
  struct event_base* base;
  work* work;
} event_host;

static struct timeval to_timeval(int64_t ns) {
  const struct timeval t = {ns / 1000000000, (ns % 1000000000 + 999) / 1000};
  return t;
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void* make_host(void) {
  event_host* host = calloc(1, sizeof *host);
  if (!host) return NULL;
  host->base = event_base_new();
  if (host->base) return host;
  free(host);
  return NULL;
}

static void* native(void* host) { return ((event_host*)host)->base; }

static void clear(void* argument) {
  event_host* host = argument;
  while (host->work) {
    work* w = host->work;
    host->work = w->next;
    event_free(w->event);
    free(w);
  }
}

static void destroy(void* argument) {
  event_host* host = argument;
  clear(host);
  event_base_free(host->base);
  free(host);
}

static void stop(void* host) { event_base_loopbreak(((event_host*)host)->base); }

static void on_limit(evutil_socket_t fd, short what, void* host) {
  (void)fd;
  (void)what;
  stop(host);
}

static int run(void* argument, int64_t at_most_ns) {
  event_host* host = argument;
  struct event* limit = evtimer_new(host->base, on_limit, host);
  const struct timeval t = to_timeval(at_most_ns);
  if (!limit || evtimer_add(limit, &t) != 0) return -1;
  const int result = event_base_dispatch(host->base);
  event_free(limit);
  return result < 0 ? -1 : 0;
}

static int count_one(const struct event_base* base, const struct event* event, void* count) {
  (void)base;
  (void)event;
  ++*(int64_t*)count;
  return 0;
}

static int64_t count(void* argument) {
  int64_t events = 0;
  event_base_foreach_event(((event_host*)argument)->base, count_one, &events);
  return events;
}

static void on_event(evutil_socket_t fd, short what, void* argument) {
  const work* w = argument;
  (void)fd;
  (void)what;
  w->call(w->arg);
}

static int add_work(event_host* host, int fd, short what, const struct timeval* every, poe_kit_call* call, void* arg) {
  work* w = calloc(1, sizeof *w);
  if (!w) return -1;
  w->call = call;
  w->arg = arg;
  w->event = event_new(host->base, fd, (short)(what | EV_PERSIST), on_event, w);
  w->next = host->work;
  host->work = w;
  return event_add(w->event, every);
}

static int add_timer(void* host, int64_t every_ns, poe_kit_call* call, void* arg) {
  const struct timeval every = to_timeval(every_ns);
  return add_work(host, -1, 0, &every, call, arg);
}

static int add_reader(void* host, int fd, poe_kit_call* call, void* arg) {
  return add_work(host, fd, EV_READ, NULL, call, arg);
}

/* event_base_loop() returns 1 when nothing is pending; a limit of our own would itself be pending. */
static int run_dry(void* argument, int64_t at_most_ns) {
  event_host* host = argument;
  const int64_t end = now_ns() + at_most_ns;
  while (now_ns() < end)
    if (event_base_loop(host->base, EVLOOP_NONBLOCK) == 1) return 1;
  return 0;
}

const poe_kit_foreign* poe_kit_host_entry(void) {
  static const poe_kit_foreign kForeign = {sizeof kForeign, 0,     "libevent", make_host, native,
                                           destroy,         run,   stop,       count,     add_timer,
                                           add_reader,      clear, run_dry,    NULL};
  return &kForeign;
}
