/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <tcl.h>
#include <unistd.h>

#include <poe/loop_kit.h>

/* One piece of the program's own work. */
typedef struct work {
  Tcl_TimerToken timer;
  int fd; /* -1: a timer */
  int every_ms;
  poe_kit_call* call;
  void* arg;
  struct work* next;
} work;

typedef struct tcl_host {
  Tcl_Interp* interp;
  work* work;
  int* ended; /* of the innermost run */
} tcl_host;

static int to_ms(int64_t ns) { return (int)((ns + 999999) / 1000000); }

static void* make_host(void) {
  tcl_host* host = calloc(1, sizeof *host);
  if (!host) return NULL;
  Tcl_FindExecutable(NULL);
  host->interp = Tcl_CreateInterp();
  return host;
}

static void* native(void* host) { return ((tcl_host*)host)->interp; }

static void clear(void* argument) {
  tcl_host* host = argument;
  while (host->work) {
    work* w = host->work;
    host->work = w->next;
    if (w->fd >= 0)
      Tcl_DeleteFileHandler(w->fd);
    else
      Tcl_DeleteTimerHandler(w->timer);
    free(w);
  }
}

static void destroy(void* argument) {
  tcl_host* host = argument;
  clear(host);
  Tcl_DeleteInterp(host->interp);
  free(host);
}

static void stop(void* host) {
  if (((tcl_host*)host)->ended) *((tcl_host*)host)->ended = 1;
}

static void on_limit(ClientData ended) { *(int*)ended = 1; }

/* As vwait does. */
static int run(void* argument, int64_t at_most_ns) {
  tcl_host* host = argument;
  int ended = 0;
  int* outer = host->ended;
  Tcl_TimerToken limit = Tcl_CreateTimerHandler(to_ms(at_most_ns), on_limit, &ended);
  host->ended = &ended;
  while (!ended) Tcl_DoOneEvent(TCL_ALL_EVENTS);
  host->ended = outer;
  Tcl_DeleteTimerHandler(limit);
  return 0;
}

/* Tcl lists no handlers: what a guest has left behind shows when it is due. */
static int64_t count(void* host) {
  (void)host;
  int64_t served = 0;
  while (served < 1000 && Tcl_DoOneEvent(TCL_ALL_EVENTS | TCL_DONT_WAIT)) ++served;
  return served;
}

static void on_timer(ClientData argument) {
  work* w = argument;
  w->timer = Tcl_CreateTimerHandler(w->every_ms, on_timer, w);
  w->call(w->arg);
}

static void on_reader(ClientData argument, int mask) {
  const work* w = argument;
  (void)mask;
  w->call(w->arg);
}

static work* add_work(tcl_host* host, int fd, poe_kit_call* call, void* arg) {
  work* w = calloc(1, sizeof *w);
  if (!w) return NULL;
  w->fd = fd;
  w->call = call;
  w->arg = arg;
  w->next = host->work;
  host->work = w;
  return w;
}

static int add_timer(void* host, int64_t every_ns, poe_kit_call* call, void* arg) {
  work* w = add_work(host, -1, call, arg);
  if (!w) return -1;
  w->every_ms = to_ms(every_ns);
  w->timer = Tcl_CreateTimerHandler(w->every_ms, on_timer, w);
  return 0;
}

static int add_reader(void* host, int fd, poe_kit_call* call, void* arg) {
  work* w = add_work(host, fd, call, arg);
  if (!w) return -1;
  Tcl_CreateFileHandler(fd, TCL_READABLE, on_reader, w);
  return 0;
}

const poe_kit_foreign* poe_kit_host_entry(void) {
  static const poe_kit_foreign kForeign = {
      sizeof kForeign, 0, "Tcl", make_host, native, destroy, run, stop, count, add_timer, add_reader, clear, NULL, run};
  return &kForeign;
}
