/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "host_program.h"

typedef struct program {
  uv_loop_t loop;
  uv_timer_t timer;
  uv_poll_t poll;
  uv_signal_t signal;
  int pipe[2];
  long bytes, signals_heard;
  host_call* call;
  void* arg;
} program;

static void on_timer(uv_timer_t* timer) {
  program* p = timer->data;
  if (write(p->pipe[1], "x", 1) != 1) abort();
  raise(SIGUSR2);
  if (p->call) p->call(p->arg);
}

static void on_poll(uv_poll_t* poll, int status, int events) {
  program* p = poll->data;
  char byte;
  (void)events;
  if (status == 0 && read(p->pipe[0], &byte, 1) == 1) ++p->bytes;
}

static void on_signal(uv_signal_t* signal, int number) {
  (void)number;
  ++((program*)signal->data)->signals_heard;
}

static void* make(void) {
  program* p = calloc(1, sizeof *p);
  if (!p || uv_loop_init(&p->loop) != 0 || pipe(p->pipe) != 0) abort();
  p->timer.data = p->poll.data = p->signal.data = p;
  uv_timer_init(&p->loop, &p->timer);
  uv_timer_start(&p->timer, on_timer, 1, 1);
  uv_poll_init(&p->loop, &p->poll, p->pipe[0]);
  uv_poll_start(&p->poll, UV_READABLE, on_poll);
  uv_signal_init(&p->loop, &p->signal);
  uv_signal_start(&p->signal, on_signal, SIGUSR2);
  return p;
}

static void end_work(program* p) {
  uv_close((uv_handle_t*)&p->timer, NULL);
  uv_close((uv_handle_t*)&p->poll, NULL);
  uv_close((uv_handle_t*)&p->signal, NULL);
}

static void destroy(void* host) {
  program* p = host;
  if (!uv_is_closing((uv_handle_t*)&p->timer)) end_work(p);
  uv_run(&p->loop, UV_RUN_DEFAULT);
  if (uv_loop_close(&p->loop) != 0) abort();
  close(p->pipe[0]);
  close(p->pipe[1]);
  free(p);
}

static void* native(void* host) { return &((program*)host)->loop; }
static void run(void* host) { uv_run(&((program*)host)->loop, UV_RUN_DEFAULT); }
static void quit(void* host) { uv_stop(&((program*)host)->loop); }
static void on_tick(void* host, host_call* call, void* arg) {
  program* p = host;
  p->call = call;
  p->arg = arg;
}

static void count_one(uv_handle_t* handle, void* count) {
  (void)handle;
  ++*(long*)count;
}
static long handles(void* host) {
  long count = 0;
  uv_walk(&((program*)host)->loop, count_one, &count);
  return count;
}
static long bytes_read(void* host) { return ((program*)host)->bytes; }
static long signals_heard(void* host) { return ((program*)host)->signals_heard; }

static void on_limit(uv_timer_t* timer) {
  *(int*)timer->data = 0;
  uv_stop(timer->loop);
}
static int run_dry(void* host) {
  program* p = host;
  uv_timer_t limit;
  int dry = 1;
  end_work(p);
  uv_timer_init(&p->loop, &limit);
  limit.data = &dry;
  uv_timer_start(&limit, on_limit, 2000, 0);
  uv_unref((uv_handle_t*)&limit);
  uv_run(&p->loop, UV_RUN_DEFAULT);
  uv_close((uv_handle_t*)&limit, NULL);
  uv_run(&p->loop, UV_RUN_NOWAIT);
  return dry;
}

const host_program* host_uv(void) {
  static const host_program kHost = {"uv",    make,    destroy,    native,        run,     quit,
                                     on_tick, handles, bytes_read, signals_heard, run_dry, 0};
  return &kHost;
}
