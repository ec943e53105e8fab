/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "epoll_entries.h"
#include "host_program.h"

/* Not sd_event_add_signal(): it blocks the signal for the whole process, and nobody else would hear it. */
static volatile sig_atomic_t heard;
static void on_signal(int number) {
  (void)number;
  ++heard;
}

typedef struct program {
  sd_event* event;
  sd_event_source *timer, *poll;
  int pipe[2];
  int ended;
  long bytes;
  host_call* call;
  void* arg;
} program;

static uint64_t soon_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000 + 1000;
}

static int on_timer(sd_event_source* timer, uint64_t when, void* host) {
  program* p = host;
  (void)when;
  sd_event_source_set_time(timer, soon_us());
  sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
  if (write(p->pipe[1], "x", 1) != 1) abort();
  raise(SIGUSR2);
  if (p->call) p->call(p->arg);
  return 0;
}

static int on_poll(sd_event_source* poll, int fd, uint32_t what, void* host) {
  program* p = host;
  char byte;
  (void)poll;
  (void)what;
  if (read(fd, &byte, 1) == 1) ++p->bytes;
  return 0;
}

static void* make(void) {
  program* p = calloc(1, sizeof *p);
  const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  if (!p || pipe(p->pipe) != 0 || sd_event_new(&p->event) < 0) abort();
  if (sd_event_add_time(p->event, &p->timer, CLOCK_MONOTONIC, soon_us(), 1, on_timer, p) < 0) abort();
  if (sd_event_add_io(p->event, &p->poll, p->pipe[0], EPOLLIN, on_poll, p) < 0) abort();
  sigaction(SIGUSR2, &action, NULL);
  return p;
}

static void destroy(void* host) {
  program* p = host;
  signal(SIGUSR2, SIG_DFL);
  sd_event_source_disable_unref(p->timer);
  sd_event_source_disable_unref(p->poll);
  sd_event_unref(p->event);
  close(p->pipe[0]);
  close(p->pipe[1]);
  free(p);
}

static void* native(void* host) { return ((program*)host)->event; }
/* Not sd_event_loop(): it ends by sd_event_exit() only, after which a loop is of no use to anybody. */
static void run(void* host) {
  program* p = host;
  for (p->ended = 0; !p->ended;)
    if (sd_event_run(p->event, UINT64_MAX) < 0) abort();
}
static void quit(void* host) { ((program*)host)->ended = 1; }
static void on_tick(void* host, host_call* call, void* arg) {
  program* p = host;
  p->call = call;
  p->arg = arg;
}

/* sd-event lists no sources: the descriptors among them. */
static long handles(void* host) { return (long)poe_epoll_entries(sd_event_get_fd(((program*)host)->event)); }
static long bytes_read(void* host) { return ((program*)host)->bytes; }
static long signals_heard(void* host) {
  (void)host;
  return heard;
}

const host_program* host_sdevent(void) {
  static const host_program kHost = {"sdevent", make,    destroy,    native,        run,  quit,
                                     on_tick,   handles, bytes_read, signals_heard, NULL, 0};
  return &kHost;
}
