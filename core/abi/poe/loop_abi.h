/* SPDX-License-Identifier: MIT
 *
 * The Loop ABI, version 1.0: everything that passes between the kernel and an event-loop plug-in.
 *
 * A plug-in is one shared object with one exported symbol, poe_loop_entry(). It owns *waiting* and nothing
 * else: it watches descriptors, keeps one deadline, can be woken, and calls the kernel back. Timers, order,
 * signals, children, regular files and fairness live in the kernel, once, so that every loop behaves alike.
 *
 * Not here: how a plug-in is found and trusted (plugins/README.md), and how wheels reach the system (sys_abi.h).
 *
 * Tags on members:
 *   [loop-thread]  only on the thread that called create()
 *   [any-thread]   from every thread
 *   [signal-safe]  also inside a signal handler
 *   [callback]     legal inside ready(), turn() and error()
 *
 * Growth: structs grow at their end only. A reader uses min(its own size, the writer's struct_size); a member
 * exists if it is covered by both and, for a function, is not NULL. A newer minor never makes a plug-in
 * unusable; another major always does. Reserved words are zero; unknown bits from a newer minor are ignored.
 *
 * Errors: 0 (or a count) for success, -errno, or one of the POE_E* codes below -4095. An op that fails may call
 * poe_host.error() once, before it returns, on the same thread. Plug-ins never assert and never print.
 */
#ifndef POE_LOOP_ABI_H
#define POE_LOOP_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define POE_LOOP_MAGIC 0x31504F4F4C454F50ULL /* "POELOOP1" read as a little-endian number */
#define POE_LOOP_ABI_MAJOR 1
#define POE_LOOP_ABI_MINOR 0

/* Times are nanoseconds on the loop's clock: now(), or CLOCK_MONOTONIC where now is NULL. */
#define POE_NEVER_NS INT64_MAX /* no deadline; as a wait: without limit */
#define POE_NOW_NS INT64_MIN   /* arm(): a fresh turn as soon as the host has had its own */

/* Readiness. READ, WRITE and PRIORITY are asked for; ERROR and HANGUP are only ever reported. */
#define POE_READ 1u
#define POE_WRITE 2u
#define POE_PRIORITY 4u /* out-of-band data, POLLPRI */
#define POE_ERROR 8u
#define POE_HANGUP 16u

/* Why turn() is called; several may hold at once. */
#define POE_TURN_READY 1u    /* at least one ready() went before */
#define POE_TURN_DEADLINE 2u /* the armed deadline has passed */
#define POE_TURN_WOKEN 4u    /* wake() was called */
#define POE_TURN_NESTED 8u   /* the host is in an inner loop (a dialog, a menu), if the bridge can tell */

/* Levels for poe_host.log(). */
#define POE_LOG_DEBUG 0
#define POE_LOG_INFO 1
#define POE_LOG_WARNING 2
#define POE_LOG_ERROR 3

/* Error codes beyond errno: a closed list, below every -errno. */
#define POE_EWRONG_THREAD (-4097) /* a loop-thread op was called from another thread */
#define POE_EFORKED (-4098)       /* this is the child of a fork: only abandon() is legal */
#define POE_EHOST_GONE (-4099)    /* the foreign loop ended under us */
#define POE_ECLOSED (-4100)       /* close() was called before */
#define POE_EUNSUPPORTED (-4101)  /* this loop has no such ability */
#define POE_EABI (-4102)          /* a struct is smaller than version 1.0 or carries a wrong number */

/* Capabilities: bit numbers in poe_loop_plugin.capabilities (bit n is word n / 64, bit n % 64). */
#define POE_CAP_NESTED_STEP 0u    /* step() and run() work inside a callback */
#define POE_CAP_PRIORITY 1u       /* POE_PRIORITY can be watched */
#define POE_CAP_HANGUP_BIT 2u     /* POE_HANGUP is told apart from READ and WRITE */
#define POE_CAP_ERROR_BIT 3u      /* POE_ERROR is told apart from READ and WRITE */
#define POE_CAP_FOREIGN 4u        /* can join a running host loop */
#define POE_CAP_UNREF 5u          /* by default our work does not keep the host's run alive; see hold() */
#define POE_CAP_OWN_CLOCK 6u      /* time is what now() says; no real clock applies */
#define POE_CAP_POLLABLE 7u       /* pollable() is there: the loop can be embedded in another one */
#define POE_CAP_RUN 8u            /* run() and stop() are there */
#define POE_CAP_NESTED_REPORT 9u  /* POE_TURN_NESTED is set when the host is in an inner loop */
#define POE_CAP_REGULAR_FILES 10u /* regular files can be watched (always ready) */
#define POE_CAP_SUB_MS 11u        /* deadlines are finer than a millisecond */
#define POE_CAP_FORK_ABANDON 12u  /* abandon() in a forked child leaves the parent's loop working */
#define POE_CAP_LINEAR_WAIT 13u   /* a wait costs something for each watched descriptor: better to have few */

/* A descriptor. POSIX: an int; bridges answer -EBADF to values outside int. Windows, later: SOCKET or HANDLE. */
typedef intptr_t poe_handle;

/* One loop, made by create(). Opaque: the plug-in's own object. */
typedef struct poe_loop poe_loop;

/* What the kernel offers a loop. Valid from create() until closed() has returned, or until abandon() has. */
typedef struct poe_host {
  uint32_t struct_size; /* bytes of this struct as the kernel was compiled */
  uint32_t abi_minor;   /* POE_LOOP_ABI_MINOR as the kernel was compiled */
  void* ctx;            /* first argument of every call below */

  /* [loop-thread] The descriptor watched under `token` is ready for `events` (POE_READ ... POE_HANGUP). Only
   * collects: no user code runs inside, so the bridge may go through its whole batch. */
  void (*ready)(void* ctx, uint64_t token, uint32_t events);

  /* [loop-thread] Run the kernel's work. Called once after each batch of ready() calls, once the deadline has
   * passed, and after a wake; `reasons` (POE_TURN_*) may carry several. User handlers run inside, and may call
   * any op marked [callback]. */
  void (*turn)(void* ctx, uint32_t reasons);

  /* [loop-thread] The last call about this loop, exactly once after close(). The plug-in has freed itself
   * before it calls, and touches nothing of the kernel's afterwards. Never from inside close(). */
  void (*closed)(void* ctx);

  /* [loop-thread] The foreign loop is being destroyed under us. The kernel answers with abandon(). */
  void (*host_gone)(void* ctx);

  /* [loop-thread] Says why an op fails (token 0) or that a watch broke later. `code` is what the op returns;
   * `os_error` an errno or 0; `text` UTF-8, borrowed until the call returns. */
  void (*error)(void* ctx, uint64_t token, int32_t code, int32_t os_error, const char* text);

  /* [loop-thread] One line for the program's log. `level` is POE_LOG_*; `text` as for error(). */
  void (*log)(void* ctx, int32_t level, const char* text);

  /* [loop-thread] A table the kernel offers under a lower-case name "vendor.name/major", or NULL. Tables begin
   * with a uint32_t struct_size and are valid until closed(). */
  const void* (*extension)(void* ctx, const char* name);
} poe_host;

/* One setting for create(), as listed in option_schema. Borrowed until create() returns. */
typedef struct poe_option {
  const char* name;
  const char* value;
} poe_option;

/* Arguments of create(). Borrowed until it returns, except `host` and `foreign`. */
typedef struct poe_create {
  uint32_t struct_size;
  uint32_t flags; /* reserved, zero */
  const poe_host* host;
  void* foreign; /* a host loop to join, borrowed and left as found; NULL for an own one */
  const poe_option* options;
  uint64_t option_count;
} poe_create;

/* What somebody else's loop needs to drive this one; see pollable(). */
typedef struct poe_pollable {
  uint32_t struct_size; /* set by the caller */
  uint32_t events;      /* wait for these on `handle` (POE_READ ...) */
  poe_handle handle;
  int64_t deadline_ns; /* and no longer than until then; POE_NEVER_NS: no limit */
  uint64_t generation; /* changes whenever any member above does */
} poe_pollable;

/* The ops. The first seven are required; a NULL among the others means "not supported": its capability bit is
 * clear, and the kernel emulates it or says so when the loop is opened. */
typedef struct poe_loop_ops {
  uint32_t struct_size;
  uint32_t reserved; /* zero */

  /* Makes a loop; the calling thread becomes its loop thread. Any number of loops a process. 0 with *ret_loop
   * set, or an error with *ret_loop untouched. [callback] */
  int (*create)(const poe_create* how, poe_loop** ret_loop);

  /* [loop-thread] [callback] Ends the loop. No ready() or turn() follows; one closed() does, later, never from
   * inside this call. Own loop: the kernel keeps stepping until it comes. Foreign loop: the host's run brings
   * it. Calling it again does nothing. Returns 0. */
  int (*close)(poe_loop* loop);

  /* [loop-thread, or the only thread of a forked child] Frees memory and closes own descriptors at once,
   * without a call into the foreign loop and without closed(). For a dead host and for forked children. */
  void (*abandon)(poe_loop* loop);

  /* [loop-thread] [callback] Level-triggered interest in a descriptor; replaces the former interest and token.
   * Interest 0 forgets: no report under the old token follows, not even one already collected; forgetting an
   * unknown or already closed descriptor returns 0. ERROR and HANGUP are reported with every asked direction,
   * never swallowed, and never end the watch. -EPERM: this kind cannot be watched here (regular files);
   * -EBADF: not a descriptor. The descriptor stays the caller's, who forgets before closing it. */
  int (*watch)(poe_loop* loop, poe_handle handle, uint32_t interest, uint64_t token);

  /* [loop-thread] [callback] The one deadline; replaces the former. At or after it, never before, a turn with
   * POE_TURN_DEADLINE begins. A time in the past means a fresh turn, never one from inside arm(). POE_NOW_NS:
   * a fresh turn after the host had its own. POE_NEVER_NS disarms. A deadline that has fired is spent. */
  int (*arm)(poe_loop* loop, int64_t deadline_ns);

  /* [any-thread] [signal-safe] [callback] At least one turn with POE_TURN_WOKEN begins after the last of any
   * number of wakes. The kernel makes none after close(). */
  int (*wake)(poe_loop* loop);

  /* [loop-thread] Waits for at most max_wait_ns (0: not at all, POE_NEVER_NS: without limit), delivers what is
   * there, and returns as soon as anything was delivered. Returns the number of host calls made (ready, turn,
   * closed), 0 when time ran out or a signal interrupted it. In a callback: -EDEADLK without NESTED_STEP. */
  int (*step)(poe_loop* loop, int64_t max_wait_ns);

  /* Optional from here. */

  /* [loop-thread] Runs the loop in its own way until stop(). Foreign loop: -ENOTSUP, the host runs it. In a
   * callback: -EDEADLK without NESTED_STEP. Returns 0, or -errno. */
  int (*run)(poe_loop* loop);

  /* [loop-thread] [callback] Ends the innermost run(); called before it, the next run() returns at once. */
  int (*stop)(poe_loop* loop);

  /* [loop-thread] [callback] Monotonic nanoseconds, never stepping back. NULL: CLOCK_MONOTONIC. */
  int64_t (*now)(poe_loop* loop);

  /* [loop-thread] [callback] Whether our watches and deadline keep the host's run from returning; 0 (default)
   * or 1. Without UNREF: -ENOTSUP for 0. */
  int (*hold)(poe_loop* loop, int32_t keep_host_running);

  /* [loop-thread] [callback] A snapshot of what an outer loop must wait for; it then calls step(loop, 0). */
  int (*pollable)(poe_loop* loop, poe_pollable* ret_pollable);

  /* [loop-thread] [callback] A table by name, as poe_host.extension(). "poe.sys/1": the loop's own system. */
  const void* (*extension)(poe_loop* loop, const char* name);
} poe_loop_ops;

/* What a plug-in says of itself. Static storage, constant, any number of readers. */
typedef struct poe_loop_plugin {
  uint64_t magic;                   /* POE_LOOP_MAGIC. This member up to `ops` is frozen for ever, over all majors */
  uint32_t struct_size;             /* bytes of this struct as the plug-in was compiled */
  uint16_t abi_major;               /* POE_LOOP_ABI_MAJOR: must equal the kernel's */
  uint16_t abi_minor;               /* POE_LOOP_ABI_MINOR: never a reason to refuse */
  const char* name;                 /* lower case, as in libpoe_loop_<name>.so: "epoll" */
  const char* version;              /* the plug-in's own: "1.0.0" */
  const char* library;              /* what does the waiting: "libuv", "Linux epoll" */
  const char* library_version;      /* at run time if the library can say */
  const char* licence;              /* of that library, SPDX: "MIT", "LGPL-3.0-only OR GPL-2.0-only" */
  const char* host_sonames;         /* libraries whose presence hints at a live host, blank-separated; "" for none */
  uint64_t capabilities[2];         /* POE_CAP_* bits */
  const char* const* option_schema; /* NULL-terminated "name=meaning; values; default" lines; NULL for none */

  /* [any-thread] Is a live host loop of my kind on this thread? 0: no. 1: yes, not running. 2: yes, and we are
   * inside its run. *ret_foreign: what create() takes as `foreign`; *ret_reason: static text why or why not.
   * A pure question: creates nothing, links nothing. NULL: no way to tell. */
  int (*probe)(void** ret_foreign, const char** ret_reason);

  const poe_loop_ops* ops;
} poe_loop_plugin;

/* The one symbol a plug-in exports. Takes no argument, never returns NULL: the loader judges what it says. */
const poe_loop_plugin* poe_loop_entry(void);

/* The same first facts, readable without running the plug-in's constructors: the descriptor of an ELF note in
 * section ".note.poe.loop" (owner name "POE", type POE_LOOP_NOTE_TYPE). */
#define POE_LOOP_NOTE_NAME "POE"
#define POE_LOOP_NOTE_TYPE 1u
typedef struct poe_loop_note {
  uint64_t magic;       /* POE_LOOP_MAGIC */
  uint32_t struct_size; /* bytes of this struct */
  uint16_t abi_major;   /* as in poe_loop_plugin */
  uint16_t abi_minor;
  char name[32];          /* zero-padded */
  char version[32];       /* zero-padded */
  char host_sonames[128]; /* zero-padded, blank-separated */
} poe_loop_note;

#ifdef __cplusplus
}
#endif

#endif /* POE_LOOP_ABI_H */
