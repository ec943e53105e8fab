/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdlib.h>
#include <tcl.h>
#include <unistd.h>

#include "host_program.h"

static volatile sig_atomic_t heard;
static void on_signal(int number) {
  (void)number;
  ++heard;
}

typedef struct program {
  Tcl_Interp* interp;
  Tcl_TimerToken timer;
  int pipe[2];
  int* ended; /* of the innermost run */
  long bytes;
  host_call* call;
  void* arg;
} program;

static void on_timer(ClientData host) {
  program* p = host;
  p->timer = Tcl_CreateTimerHandler(1, on_timer, p);
  if (write(p->pipe[1], "x", 1) != 1) abort();
  raise(SIGUSR2);
  if (p->call) p->call(p->arg);
}

static void on_poll(ClientData host, int mask) {
  program* p = host;
  char byte;
  (void)mask;
  if (read(p->pipe[0], &byte, 1) == 1) ++p->bytes;
}

static void* make(void) {
  program* p = calloc(1, sizeof *p);
  const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  if (!p || pipe(p->pipe) != 0) abort();
  Tcl_FindExecutable(NULL);
  p->interp = Tcl_CreateInterp();
  p->timer = Tcl_CreateTimerHandler(1, on_timer, p);
  Tcl_CreateFileHandler(p->pipe[0], TCL_READABLE, on_poll, p);
  sigaction(SIGUSR2, &action, NULL);
  return p;
}

static void destroy(void* host) {
  program* p = host;
  signal(SIGUSR2, SIG_DFL);
  Tcl_DeleteTimerHandler(p->timer);
  Tcl_DeleteFileHandler(p->pipe[0]);
  Tcl_DeleteInterp(p->interp);
  close(p->pipe[0]);
  close(p->pipe[1]);
  free(p);
}

static void* native(void* host) { return ((program*)host)->interp; }
/* As vwait does. */
static void run(void* host) {
  program* p = host;
  int ended = 0;
  int* outer = p->ended;
  p->ended = &ended;
  while (!ended) Tcl_DoOneEvent(TCL_ALL_EVENTS);
  p->ended = outer;
}
static void quit(void* host) {
  program* p = host;
  if (p->ended) *p->ended = 1;
}
static void on_tick(void* host, host_call* call, void* arg) {
  program* p = host;
  p->call = call;
  p->arg = arg;
}

/* Tcl lists nothing, and has no set of the system's to look into. */
static long handles(void* host) {
  (void)host;
  return 0;
}
static long bytes_read(void* host) { return ((program*)host)->bytes; }
static long signals_heard(void* host) {
  (void)host;
  return heard;
}

const host_program* host_tcl(void) {
  static const host_program kHost = {"tcl",   make,    destroy,    native,        run,  quit,
                                     on_tick, handles, bytes_read, signals_heard, NULL, 1};
  return &kHost;
}
