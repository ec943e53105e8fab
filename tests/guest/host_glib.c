/* SPDX-License-Identifier: MIT */
#include <glib-unix.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "host_program.h"

typedef struct program {
  GMainContext* context;
  GSList* loops; /* running ones, innermost first */
  GSource *timer, *poll, *signal;
  int pipe[2];
  long bytes, signals_heard;
  host_call* call;
  void* arg;
} program;

static gboolean on_timer(gpointer host) {
  program* p = host;
  if (write(p->pipe[1], "x", 1) != 1) abort();
  raise(SIGUSR2);
  if (p->call) p->call(p->arg);
  return G_SOURCE_CONTINUE;
}

static gboolean on_poll(gint fd, GIOCondition condition, gpointer host) {
  program* p = host;
  char byte;
  (void)condition;
  if (read(fd, &byte, 1) == 1) ++p->bytes;
  return G_SOURCE_CONTINUE;
}

static gboolean on_signal(gpointer host) {
  ++((program*)host)->signals_heard;
  return G_SOURCE_CONTINUE;
}

static GSource* joined(program* p, GSource* source, GSourceFunc function) {
  g_source_set_callback(source, function, p, NULL);
  g_source_attach(source, p->context);
  return source;
}

static void* make(void) {
  program* p = g_new0(program, 1);
  if (pipe(p->pipe) != 0) abort();
  p->context = g_main_context_new();
  p->timer = joined(p, g_timeout_source_new(1), on_timer);
  p->poll = joined(p, g_unix_fd_source_new(p->pipe[0], G_IO_IN), G_SOURCE_FUNC(on_poll));
  p->signal = joined(p, g_unix_signal_source_new(SIGUSR2), on_signal);
  return p;
}

static void end(GSource* source) {
  g_source_destroy(source);
  g_source_unref(source);
}

static void destroy(void* host) {
  program* p = host;
  end(p->timer);
  end(p->poll);
  end(p->signal);
  g_main_context_unref(p->context);
  close(p->pipe[0]);
  close(p->pipe[1]);
  g_free(p);
}

static void* native(void* host) { return ((program*)host)->context; }
static void run(void* host) {
  program* p = host;
  GMainLoop* loop = g_main_loop_new(p->context, FALSE);
  p->loops = g_slist_prepend(p->loops, loop);
  g_main_loop_run(loop);
  p->loops = g_slist_remove(p->loops, loop);
  g_main_loop_unref(loop);
}
static void quit(void* host) {
  program* p = host;
  if (p->loops) g_main_loop_quit(p->loops->data);
}
static void on_tick(void* host, host_call* call, void* arg) {
  program* p = host;
  p->call = call;
  p->arg = arg;
}

static gboolean never(gpointer nothing) {
  (void)nothing;
  return G_SOURCE_REMOVE;
}
/* GLib lists no sources, but numbers them: ask for every number given so far. */
static long handles(void* host) {
  program* p = host;
  GSource* last = joined(p, g_idle_source_new(), never);
  const guint past = g_source_get_id(last);
  long count = 0;
  end(last);
  for (guint id = 1; id < past; ++id) count += g_main_context_find_source_by_id(p->context, id) != NULL;
  return count;
}
static long bytes_read(void* host) { return ((program*)host)->bytes; }
static long signals_heard(void* host) { return ((program*)host)->signals_heard; }

const host_program* host_glib(void) {
  static const host_program kHost = {"glib",  make,    destroy,    native,        run,  quit,
                                     on_tick, handles, bytes_read, signals_heard, NULL, 1};
  return &kHost;
}

void host_glib_push(void* context) { g_main_context_push_thread_default(context); }
void host_glib_pop(void* context) { g_main_context_pop_thread_default(context); }
