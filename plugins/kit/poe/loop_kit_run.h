/* SPDX-License-Identifier: MIT
 *
 * Running many checks of loop_kit.h on one plug-in: chosen by profile, group or name, each in a process of its own
 * with a time limit, and the outcomes as a table, JUnit XML or JSON. What poe-loop-check and `poe check` are made of.
 *
 * One thread, which has no other beside it: each check is a fork() of this process.
 */
#ifndef POE_LOOP_KIT_RUN_H
#define POE_LOOP_KIT_RUN_H

#include <poe/loop_kit.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Profiles: named sets of groups. A plug-in claims one by its capabilities. Static storage. */
typedef struct poe_kit_profile {
  const char* name;
  const char* groups;     /* blank-separated, in the order of the checks */
  const char* what;       /* one line for people */
  uint64_t capabilities;  /* word 0: all of these must be declared to claim it */
  const char* claimed_by; /* the same in words: "FOREIGN" */
} poe_kit_profile;

/* By number (NULL beyond the last), and by name (NULL: there is none). */
const poe_kit_profile* poe_kit_profile_at(size_t index);
const poe_kit_profile* poe_kit_profile_named(const char* name);
int poe_kit_claims(const poe_loop_plugin* plugin, const poe_kit_profile* profile);
int poe_kit_profile_has(const poe_kit_profile* profile, const char* group);

/* ---- Files */
/* Opens a plug-in for good. No question of trust is asked: the caller named the file. NULL: `ret_why` says why. */
const poe_loop_plugin* poe_kit_open_plugin(const char* path, char* ret_why, size_t why_size);

/* Opens a host adapter (POE_KIT_HOST_ENTRY) for good. NULL: `ret_why` says why. */
const poe_kit_foreign* poe_kit_open_host(const char* path, char* ret_why, size_t why_size);

/* What an adapter that is open already hands out; `entry`: its POE_KIT_HOST_ENTRY. NULL: `ret_why` says why. */
const poe_kit_foreign* poe_kit_ask_host(const poe_kit_foreign* (*entry)(void), const char* path, char* ret_why,
                                        size_t why_size);

/* The adapter that lies beside a plug-in, libpoe_kit_host_<loop>.so in its folder. 1: `ret_path` is such a file. */
int poe_kit_host_beside(const char* plugin_path, const char* loop, char* ret_path, size_t path_size);

/* ---- Running */
#define POE_KIT_DEFAULT_LIMIT_NS INT64_C(30000000000)

/* One check in a child process. Killed after limit_ns (0: the default), which is a failure, as is a crash; both say
 * what was under way. */
void poe_kit_judge_apart(const poe_kit_check* check, const poe_kit_target* target, int64_t limit_ns,
                         poe_kit_outcome* ret_outcome);

/* What to run. Everything is borrowed. */
typedef struct poe_kit_plan {
  const poe_kit_target* target;
  const poe_kit_profile* profile;                          /* NULL: every check */
  const char* group;                                       /* of these only this group; NULL: all */
  const char* check;                                       /* only this check, by its whole name; NULL: all */
  int64_t limit_ns;                                        /* a check; 0: POE_KIT_DEFAULT_LIMIT_NS */
  void (*done)(void* arg, const poe_kit_outcome* outcome); /* after each check, or NULL */
  void* arg;
  int built_in; /* the loop is no file: an adapter lies beside nothing, it can only be named */
} poe_kit_plan;

/* Whether the plan has this check. */
int poe_kit_chosen(const poe_kit_plan* plan, const poe_kit_check* check);

typedef struct poe_kit_results {
  const poe_loop_plugin* plugin;
  const poe_kit_profile* profile; /* as in the plan */
  int built_in;                   /* likewise */
  poe_kit_outcome* outcomes;      /* `count` of them; give back with poe_kit_release() */
  size_t count;
  size_t tally[4]; /* by poe_kit_result */
  int64_t took_ns;
} poe_kit_results;

/* What makes the exit code of a command. 1: something was checked, and nothing of it failed. `asked`: a profile, a
 * group or a check was named; then what was left out for want of a host does not hold either. */
int poe_kit_holds(const poe_kit_results* results, int asked);

/* 0, or -ENOMEM. A plan that chooses nothing is no error: count is 0. */
int poe_kit_run_plan(const poe_kit_plan* plan, poe_kit_results* ret_results);
void poe_kit_release(poe_kit_results* results);

/* ---- Telling. All return 0, or -EIO if the stream took less. `colour`: for a terminal that wants it. */
int poe_kit_print_outcome(FILE* to, const poe_kit_outcome* outcome, int colour);
int poe_kit_print_summary(FILE* to, const poe_kit_results* results, int colour);
int poe_kit_write_junit(FILE* to, const poe_kit_results* results); /* JUnit XML, as CI systems read it */
int poe_kit_write_json(FILE* to, const poe_kit_results* results);  /* one object */

/* The name of a plug-in for texts: "(none)" if it tells none. */
const char* poe_kit_name_of(const poe_loop_plugin* plugin);

/* "pass", "fail", "not_applicable", "no_host". */
const char* poe_kit_result_name(poe_kit_result result);

#ifdef __cplusplus
}
#endif

#endif /* POE_LOOP_KIT_RUN_H */
