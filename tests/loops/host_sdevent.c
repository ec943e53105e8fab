/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <time.h>

#include <poe/loop_kit.h>
#include "epoll_entries.h"

/* One piece of the program's own work. */
typedef struct work {
  sd_event_source* source;
  uint64_t every_us; /* 0: a descriptor */
  poe_kit_call* call;
  void* arg;
  struct work* next;
} work;

typedef struct sd_host {
  sd_event* event;
  sd_event_source* clock; /* never fires: keeps the timer that sd-event makes once for all */
  work* work;
  int stop; /* the innermost run is to end */
} sd_host;

static uint64_t to_us(int64_t ns) { return (uint64_t)((ns + 999) / 1000); }

static uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int on_clock(sd_event_source* source, uint64_t when, void* nothing) {
  (void)source;
  (void)when;
  (void)nothing;
  return 0;
}

static void* make_host(void) {
  sd_host* host = calloc(1, sizeof *host);
  if (host && sd_event_new(&host->event) >= 0 &&
      sd_event_add_time(host->event, &host->clock, CLOCK_MONOTONIC, UINT64_MAX, 1, on_clock, NULL) >= 0)
    return host;
  free(host);
  return NULL;
}

static void* native(void* host) { return ((sd_host*)host)->event; }

static void clear(void* argument) {
  sd_host* host = argument;
  while (host->work) {
    work* w = host->work;
    host->work = w->next;
    sd_event_source_disable_unref(w->source);
    free(w);
  }
}

static void destroy(void* argument) {
  sd_host* host = argument;
  clear(host);
  sd_event_source_disable_unref(host->clock);
  const int set = sd_event_get_fd(host->event);
  sd_event_unref(host->event); /* each source holds a reference, so the loop lives while one is left */
  if (fcntl(set, F_GETFD) >= 0) {
    fputs("host_sdevent: a guest has left a source in its host\n", stderr);
    abort();
  }
  free(host);
}

static void stop(void* host) { ((sd_host*)host)->stop = 1; }

/* Not sd_event_loop(): it ends by sd_event_exit() only, after which a loop is of no use to anybody. */
static int run(void* argument, int64_t at_most_ns) {
  sd_host* host = argument;
  const uint64_t end = now_us() + to_us(at_most_ns);
  host->stop = 0;
  for (uint64_t now = now_us(); !host->stop && now < end; now = now_us())
    if (sd_event_run(host->event, end - now) < 0) return -1;
  return 0;
}

/* sd-event lists no sources: the descriptors among them, the rest at the end (destroy). */
static int64_t count(void* host) { return poe_epoll_entries(sd_event_get_fd(((sd_host*)host)->event)); }

static int on_timer(sd_event_source* source, uint64_t when, void* argument) {
  work* w = argument;
  (void)when;
  sd_event_source_set_time(source, now_us() + w->every_us);
  sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
  w->call(w->arg);
  return 0;
}

static int on_reader(sd_event_source* source, int fd, uint32_t events, void* argument) {
  const work* w = argument;
  (void)source;
  (void)fd;
  (void)events;
  w->call(w->arg);
  return 0;
}

static work* add_work(sd_host* host, poe_kit_call* call, void* arg) {
  work* w = calloc(1, sizeof *w);
  if (!w) return NULL;
  w->call = call;
  w->arg = arg;
  w->next = host->work;
  host->work = w;
  return w;
}

static int add_timer(void* argument, int64_t every_ns, poe_kit_call* call, void* arg) {
  sd_host* host = argument;
  work* w = add_work(host, call, arg);
  if (!w) return -1;
  w->every_us = to_us(every_ns);
  return sd_event_add_time(host->event, &w->source, CLOCK_MONOTONIC, now_us() + w->every_us, 1, on_timer, w);
}

static int add_reader(void* argument, int fd, poe_kit_call* call, void* arg) {
  sd_host* host = argument;
  work* w = add_work(host, call, arg);
  if (!w) return -1;
  return sd_event_add_io(host->event, &w->source, fd, EPOLLIN, on_reader, w);
}

const poe_kit_foreign* poe_kit_host_entry(void) {
  static const poe_kit_foreign kForeign = {sizeof kForeign, 0,     "sd-event", make_host, native,
                                           destroy,         run,   stop,       count,     add_timer,
                                           add_reader,      clear, NULL,       NULL};
  return &kForeign;
}
