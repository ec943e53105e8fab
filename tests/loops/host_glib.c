/* SPDX-License-Identifier: MIT */
#include <glib-unix.h>
#include <glib.h>

#include <poe/loop_kit.h>

typedef struct glib_host {
  GMainContext* context;
  GSList* loops; /* running ones, innermost first */
  GSList* work;  /* the program's own sources */
} glib_host;

typedef struct call {
  poe_kit_call* call;
  void* arg;
} call;

static guint to_ms(int64_t ns) { return (guint)((ns + 999999) / 1000000); }

static void* make_host(void) {
  glib_host* host = g_new0(glib_host, 1);
  host->context = g_main_context_new();
  return host;
}

static void* native(void* host) { return ((glib_host*)host)->context; }

static void clear(void* argument) {
  glib_host* host = argument;
  for (GSList* at = host->work; at; at = at->next) {
    g_source_destroy(at->data);
    g_source_unref(at->data);
  }
  g_slist_free(host->work);
  host->work = NULL;
}

static void destroy(void* argument) {
  glib_host* host = argument;
  clear(host);
  g_main_context_unref(host->context);
  g_free(host);
}

static void stop(void* argument) {
  glib_host* host = argument;
  if (host->loops) g_main_loop_quit(host->loops->data);
}

static gboolean on_limit(gpointer loop) {
  g_main_loop_quit(loop);
  return G_SOURCE_CONTINUE;
}

static int run(void* argument, int64_t at_most_ns) {
  glib_host* host = argument;
  GMainLoop* loop = g_main_loop_new(host->context, FALSE);
  GSource* limit = g_timeout_source_new(to_ms(at_most_ns));
  g_source_set_callback(limit, on_limit, loop, NULL);
  g_source_attach(limit, host->context);
  host->loops = g_slist_prepend(host->loops, loop);
  g_main_loop_run(loop);
  host->loops = g_slist_remove(host->loops, loop);
  g_source_destroy(limit);
  g_source_unref(limit);
  g_main_loop_unref(loop);
  return 0;
}

static gboolean never(gpointer nothing) {
  (void)nothing;
  return G_SOURCE_REMOVE;
}

/* GLib lists no sources, but numbers them: ask for every number given so far. */
static int64_t count(void* argument) {
  glib_host* host = argument;
  GSource* last = g_idle_source_new();
  g_source_set_callback(last, never, NULL, NULL);
  const guint end = g_source_attach(last, host->context);
  g_source_destroy(last);
  g_source_unref(last);
  int64_t sources = 0;
  for (guint id = 1; id < end; ++id) sources += g_main_context_find_source_by_id(host->context, id) != NULL;
  return sources;
}

static gboolean on_timer(gpointer argument) {
  const call* c = argument;
  c->call(c->arg);
  return G_SOURCE_CONTINUE;
}

static gboolean on_reader(gint fd, GIOCondition condition, gpointer argument) {
  (void)fd;
  (void)condition;
  return on_timer(argument);
}

static int add(glib_host* host, GSource* source, GSourceFunc function, poe_kit_call* function_of_kit, void* arg) {
  call* c = g_new(call, 1);
  c->call = function_of_kit;
  c->arg = arg;
  g_source_set_callback(source, function, c, g_free);
  g_source_attach(source, host->context);
  host->work = g_slist_prepend(host->work, source);
  return 0;
}

static int add_timer(void* host, int64_t every_ns, poe_kit_call* function, void* arg) {
  return add(host, g_timeout_source_new(to_ms(every_ns)), on_timer, function, arg);
}

static int add_reader(void* host, int fd, poe_kit_call* function, void* arg) {
  return add(host, g_unix_fd_source_new(fd, G_IO_IN), G_SOURCE_FUNC(on_reader), function, arg);
}

const poe_kit_foreign* poe_kit_host_entry(void) {
  static const poe_kit_foreign kForeign = {sizeof kForeign, 0,     "GLib", make_host, native,
                                           destroy,         run,   stop,   count,     add_timer,
                                           add_reader,      clear, NULL,   run};
  return &kForeign;
}
