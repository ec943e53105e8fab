/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <uv.h>

#include <poe/loop_kit.h>

typedef struct uv_host {
  uv_loop_t loop;
  uv_timer_t limit;
  int timed_out;
  struct work* work;
} uv_host;

/* One piece of the program's own work; freed by its close callback. */
typedef struct work {
  union {
    uv_handle_t any;
    uv_timer_t timer;
    uv_poll_t poll;
  } handle;
  poe_kit_call* call;
  void* arg;
  struct work* next;
} work;

static uint64_t to_ms(int64_t ns) { return (uint64_t)((ns + 999999) / 1000000); }

static void* make_host(void) {
  uv_host* host = calloc(1, sizeof *host);
  if (!host) return NULL;
  if (uv_loop_init(&host->loop) != 0) {
    free(host);
    return NULL;
  }
  uv_timer_init(&host->loop, &host->limit);
  return host;
}

static void* native(void* host) { return &((uv_host*)host)->loop; }

static void free_work(uv_handle_t* handle) { free(handle->data); }

static void clear(void* argument) {
  uv_host* host = argument;
  while (host->work) {
    work* w = host->work;
    host->work = w->next;
    uv_close(&w->handle.any, free_work);
  }
}

static void destroy(void* argument) {
  uv_host* host = argument;
  clear(host);
  uv_close((uv_handle_t*)&host->limit, NULL);
  uv_run(&host->loop, UV_RUN_DEFAULT);
  if (uv_loop_close(&host->loop) == 0) free(host); /* else a guest's handle still points into it */
}

static void on_limit(uv_timer_t* limit) {
  uv_host* host = limit->data;
  host->timed_out = 1;
  uv_stop(&host->loop);
}

static int run_for(uv_host* host, int64_t at_most_ns, int keeps_alive) {
  host->timed_out = 0;
  host->limit.data = host;
  uv_update_time(&host->loop);
  uv_timer_start(&host->limit, on_limit, to_ms(at_most_ns), 0);
  if (!keeps_alive) uv_unref((uv_handle_t*)&host->limit);
  uv_run(&host->loop, UV_RUN_DEFAULT);
  uv_ref((uv_handle_t*)&host->limit);
  uv_timer_stop(&host->limit);
  return host->timed_out;
}

static int run(void* host, int64_t at_most_ns) {
  run_for(host, at_most_ns, 1);
  return 0;
}

static void stop(void* host) { uv_stop(&((uv_host*)host)->loop); }

static void count_one(uv_handle_t* handle, void* count) {
  (void)handle;
  ++*(int64_t*)count;
}

static int64_t count(void* argument) {
  int64_t handles = 0;
  uv_walk(&((uv_host*)argument)->loop, count_one, &handles);
  return handles - 1; /* the limit */
}

static void on_timer(uv_timer_t* timer) {
  const work* w = timer->data;
  w->call(w->arg);
}

static void on_poll(uv_poll_t* poll, int status, int events) {
  const work* w = poll->data;
  (void)events;
  if (status == 0) w->call(w->arg);
}

static work* add_work(uv_host* host, poe_kit_call* call, void* arg) {
  work* w = calloc(1, sizeof *w);
  if (!w) return NULL;
  w->call = call;
  w->arg = arg;
  w->next = host->work;
  host->work = w;
  return w;
}

static int add_timer(void* argument, int64_t every_ns, poe_kit_call* call, void* arg) {
  uv_host* host = argument;
  work* w = add_work(host, call, arg);
  if (!w) return UV_ENOMEM;
  uv_timer_init(&host->loop, &w->handle.timer);
  w->handle.any.data = w;
  return uv_timer_start(&w->handle.timer, on_timer, to_ms(every_ns), to_ms(every_ns));
}

static int add_reader(void* argument, int fd, poe_kit_call* call, void* arg) {
  uv_host* host = argument;
  work* w = add_work(host, call, arg);
  if (!w) return UV_ENOMEM;
  uv_poll_init(&host->loop, &w->handle.poll, fd);
  w->handle.any.data = w;
  return uv_poll_start(&w->handle.poll, UV_READABLE, on_poll);
}

static int run_dry(void* host, int64_t at_most_ns) { return !run_for(host, at_most_ns, 0); }

const poe_kit_foreign* poe_kit_host_entry(void) {
  static const poe_kit_foreign kForeign = {sizeof kForeign, 0,     "libuv", make_host, native,
                                           destroy,         run,   stop,    count,     add_timer,
                                           add_reader,      clear, run_dry, NULL};
  return &kForeign;
}
