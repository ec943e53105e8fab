/* SPDX-License-Identifier: MIT
 *
 * The conformance checks for event-loop plug-ins: what loop_abi.h promises, as a list of small named checks.
 *
 * For authors of plug-ins. Needs no test framework: walk the list with poe_kit_at(), run each check against your
 * plug-in with poe_kit_run(), print what it says. No check knows a loop by name: what a loop cannot do it declares
 * as a capability, and the check then asserts that it refuses in the agreed way.
 *
 * Not here: what the kernel makes out of a loop's missing abilities (that is tested with the kernel).
 * Thread: one run at a time on one thread, which becomes the loop thread; some checks start a thread of their own,
 * fork, use SIGUSR2 or SIGCHLD (their actions are put back), or lower this process's limit of descriptors for a moment.
 * A check never waits longer than a few seconds, usually less than 20 ms; a plug-in may: loop_kit_run.h sets a limit.
 */
#ifndef POE_LOOP_KIT_H
#define POE_LOOP_KIT_H

#include <poe/loop_abi.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A callback of the host program's own, fired by its own loop. */
typedef void poe_kit_call(void* arg);

/* A host program to be a guest of, for loops that declare POE_CAP_FOREIGN: its author's own small adapter to the
 * foreign library. `host` is what make() gave. All calls come on one thread. */
typedef struct poe_kit_foreign {
  uint32_t struct_size; /* bytes of this struct as the adapter was compiled */
  uint32_t reserved;    /* zero */
  const char* name;     /* for texts: "libuv" */

  void* (*make)(void);         /* a new host loop on this thread; NULL: it could not be made */
  void* (*native)(void* host); /* what poe_create.foreign takes: the uv_loop_t*, the event_base* ... */
  void (*destroy)(void* host); /* after every guest has left */

  /* Runs the host as a program of its kind does, until stop() or for at_most_ns. 0 or -errno. */
  int (*run)(void* host, int64_t at_most_ns);
  void (*stop)(void* host); /* ends the innermost run(); called inside callbacks */

  int64_t (*count)(void* host); /* handles, events, sources or children in it, not counting the adapter's own */

  /* The program's own work: a repeating timer, a readable descriptor; clear() takes all of it away again. */
  int (*add_timer)(void* host, int64_t every_ns, poe_kit_call* call, void* arg);
  int (*add_reader)(void* host, int fd, poe_kit_call* call, void* arg);
  void (*clear)(void* host);

  /* Runs until nothing keeps the host alive. 1: it returned by itself; 0: at_most_ns passed first.
   * NULL: this kind of host never returns by itself. */
  int (*run_dry)(void* host, int64_t at_most_ns);
  /* An inner run inside one of the host's callbacks, as a dialog makes one. NULL: this kind of host cannot. */
  int (*run_inner)(void* host, int64_t at_most_ns);
} poe_kit_foreign;

/* The entry of a host adapter built as a module of its own, libpoe_kit_host_<loop>.so: found beside the plug-in it
 * belongs to, or named with --host (poe-loop-check, poe check). Static storage, never NULL. */
#define POE_KIT_HOST_ENTRY "poe_kit_host_entry"
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const poe_kit_foreign*
poe_kit_host_entry(void);

/* What is to be checked. Borrowed while a check runs. */
typedef struct poe_kit_target {
  uint32_t struct_size;
  uint32_t reserved; /* zero */
  const poe_loop_plugin* plugin;
  const poe_option* options; /* given to every create(); NULL for none */
  uint64_t option_count;
  const poe_kit_foreign* foreign; /* NULL only for loops without POE_CAP_FOREIGN */
} poe_kit_target;

struct poe_kit; /* the kit's own: one running check */

/* One check. Static storage. */
typedef struct poe_kit_check {
  const char* name;     /* "descriptors.forgotten_fd_never_fires": group, dot, sentence */
  const char* group;    /* load, descriptors, time, wake, drive, nesting, guest, embed, process, fork, faults, idle */
  const char* rule;     /* the promise that is asserted, in words */
  const char* contract; /* where it is written: "loop_abi.h: poe_loop_ops.watch" */
  int needs_host;       /* 1: asks a poe_kit_foreign of loops that declare POE_CAP_FOREIGN */
  void (*body)(struct poe_kit* run); /* the kit's own; call poe_kit_run() instead */
} poe_kit_check;

typedef enum poe_kit_result {
  POE_KIT_PASS = 0,
  POE_KIT_FAIL = 1,           /* the text says what was expected and what came */
  POE_KIT_NOT_APPLICABLE = 2, /* a capability says no, and the loop refused as agreed; the text names it */
  POE_KIT_NO_HOST = 3         /* left out: needs_host, the loop declares FOREIGN, and there is no poe_kit_foreign */
} poe_kit_result;

#define POE_KIT_TEXT 768

/* What came of one check. */
typedef struct poe_kit_outcome {
  const poe_kit_check* check;
  poe_kit_result result;
  const char* contract; /* what a failure broke: the check's paragraph, or that of a promise watched in every check */
  int64_t took_ns;
  char text[POE_KIT_TEXT]; /* terminated; empty for PASS */
} poe_kit_outcome;

/* How many checks there are, and the one with this number (NULL beyond the last). */
size_t poe_kit_count(void);
const poe_kit_check* poe_kit_at(size_t index);

/* Runs one check on fresh loops, in this process, and cleans up after it. Never aborts the process by itself. */
void poe_kit_judge(const poe_kit_check* check, const poe_kit_target* target, poe_kit_outcome* ret_outcome);

/* The same, for callers that want no more than the text: `ret_text` gets up to text_size bytes, always terminated. */
poe_kit_result poe_kit_run(const poe_kit_check* check, const poe_kit_target* target, char* ret_text, size_t text_size);

#ifdef __cplusplus
}
#endif

#endif /* POE_LOOP_KIT_H */
