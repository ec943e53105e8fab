/* SPDX-License-Identifier: MIT
 *
 * A program that was there before us: its own loop with a timer, a descriptor and a signal of its own. Its files
 * include none of POE's headers, but for the adapter that a program of Asio's compiles in; this table is all that the
 * tests know of them. One thread.
 */
#ifndef HOST_PROGRAM_H
#define HOST_PROGRAM_H

#ifdef __cplusplus
extern "C" {
#endif

typedef void host_call(void* arg);

typedef struct host_program {
  const char* loop;            /* the plug-in's name for it */
  void* (*make)(void);         /* the loop, with its own work in it: each millisecond a tick */
  void (*destroy)(void* host); /* the loop and its work; nobody else's may be in it */
  void* (*native)(void* host); /* what attach() is given */
  void (*run)(void* host);     /* until quit() */
  void (*quit)(void* host);    /* the innermost run */
  void (*on_tick)(void* host, host_call* call, void* arg); /* called in each tick, from the running loop; NULL: none */
  long (*handles)(void* host);                             /* everything in the loop, ours and others' */
  long (*bytes_read)(void* host);                          /* by its own descriptor: one for each tick */
  long (*signals_heard)(void* host);                       /* SIGUSR2 heard, by its own means: one for each tick */
  int (*run_dry)(void* host); /* its own work removed: does run() return by itself? NULL: this kind never does */
  int can_nest;               /* run() may be called from inside a callback */
} host_program;

const host_program* host_uv(void);
const host_program* host_event(void);
const host_program* host_glib(void);
const host_program* host_qt(void);
const host_program* host_ev(void);
const host_program* host_sdevent(void);
const host_program* host_asio(void);
const host_program* host_tcl(void);

/* Makes a native GLib context this thread's default, and undoes it. */
void host_glib_push(void* context);
void host_glib_pop(void* context);

#ifdef __cplusplus
}
#endif

#endif
