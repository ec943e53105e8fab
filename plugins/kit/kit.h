/* SPDX-License-Identifier: MIT
 *
 * Inside the conformance kit: one running check (`kit`), the loops it opened (`kit_loop`) with everything they
 * reported, and the few verbs that checks are written in.
 *
 * Every op goes through a verb here, so that promises which hold always are watched in every check: no call from
 * inside an op that does not drive the loop, none after close() but one closed(), none on another thread, no
 * re-entry, known bits only, a turn's reasons true.
 */
#ifndef POE_KIT_PRIVATE_H
#define POE_KIT_PRIVATE_H

#include <poe/loop_abi.h>
#include <poe/loop_kit.h>
#include <poe/sys_abi.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KIT_MS INT64_C(1000000)
#define KIT_SOON (2000 * KIT_MS) /* how long something promised may take on a busy machine */
#define KIT_IDLE (6 * KIT_MS)    /* how long we look on to see that nothing happens */
#define KIT_LOOPS 4
#define KIT_FDS 512
#define KIT_REPORTS 512

typedef struct poe_kit kit;
typedef struct kit_loop kit_loop;
typedef int kit_done(kit_loop* l);

/* One ready() call. */
typedef struct kit_report {
  uint64_t token;
  uint32_t events;
  int turn; /* how many turns had begun before it */
} kit_report;

/* A loop under check and all it has said. */
struct kit_loop {
  kit* run;
  poe_loop* loop; /* NULL once closed or abandoned */
  poe_host host;
  const poe_sys* sys; /* the loop's own world, or the real one */
  int own_world;      /* sys is the loop's own */

  kit_report reports[KIT_REPORTS]; /* the first ones; `readies` counts all */
  int readies, turns, closed;
  int ready_turns, deadline_turns, woken_turns, nested_turns; /* turns by reason */
  int unturned;                                               /* readies since the last turn */
  int broken;                                                 /* watches that broke since then: error() */
  int calls;                                                  /* ready + turn + closed */
  int errors, closing, abandoned;
  int32_t error_code;
  char error_text[256];
  int64_t turn_time; /* now() as the last turn began */

  void (*on_ready)(kit_loop* l, uint64_t token, uint32_t events); /* the check's own reaction, or NULL */
  void (*on_turn)(kit_loop* l, uint32_t reasons);
  kit_done* done; /* what kit_drive() waits for */

  int fds[KIT_FDS]; /* open descriptors of `sys`, made by this check */
  int fd_count;
  int pair[2], other[2]; /* for the check's reactions */
  int64_t number, seen;  /* likewise */
};

/* One running check. */
struct poe_kit {
  const poe_kit_target* target;
  const poe_loop_plugin* plugin;
  const poe_loop_ops* ops;
  pthread_t thread;
  kit_loop* loops[KIT_LOOPS];
  int loop_count;
  void* host;           /* the adapter's foreign loop: loops are opened as its guests; NULL: own loops */
  const char* op;       /* the non-driving op under way, or NULL */
  const char* driver;   /* the innermost driving call, or NULL */
  int depth;            /* callbacks under way */
  int driving;          /* step(), run() and host runs under way */
  int result;           /* poe_kit_result */
  const char* contract; /* what a failure broke */
  const char** doing;   /* where the call under way is noted for whoever waits for this check; or NULL */
  char text[POE_KIT_TEXT];
};

/* ---- where a promise is written */
#define KIT_HEADER(what) "loop_abi.h: " what
#define KIT_OP(name) KIT_HEADER("poe_loop_ops." #name)
#define KIT_HOST(name) KIT_HEADER("poe_host." #name)
#define KIT_PLUGIN(name) KIT_HEADER("poe_loop_plugin." #name)
#define KIT_CREATE(name) KIT_HEADER("poe_create." #name)
#define KIT_CAP(name) KIT_HEADER("POE_CAP_" #name)
#define KIT_MANNERS(number) "plugins/kit/README.md: manners " #number

/* ---- saying how it went (kit.c) */
void kit_fail(kit* run, const char* format, ...) __attribute__((format(printf, 2, 3)));
/* A promise that is watched in every check was broken: the failure names that one's paragraph. */
void kit_breach(kit* run, const char* contract, const char* format, ...) __attribute__((format(printf, 3, 4)));
void kit_skip(kit* run, const char* format, ...) __attribute__((format(printf, 2, 3)));
#define KIT_EXPECT(run, condition, ...) \
  do {                                  \
    if (!(condition)) {                 \
      kit_fail((run), __VA_ARGS__);     \
      return;                           \
    }                                   \
  } while (0)
/* For `int` results of ops. */
#define KIT_EQUAL(run, what, wanted, got) \
  KIT_EXPECT(run, (wanted) == (got), "%s: expected %d, got %d", what, (int)(wanted), (int)(got))

void kit_begin(kit* run, const poe_kit_target* target);
void kit_adopt(kit* outer, const kit* inner); /* takes over how a check inside a check went */
void kit_judge(const poe_kit_check* check, const poe_kit_target* target, const char** doing, poe_kit_outcome* ret);
void kit_end(kit* run); /* closes what the check left open; finds closed() that never comes */

/* ---- loops (loops.c) */
int kit_can(const kit* run, unsigned capability);
int kit_covers(const kit* run, size_t end); /* the ops struct reaches to this byte */
kit_loop* kit_slot(kit* run);               /* a recorder without a loop yet; NULL: out of memory, said */
kit_loop* kit_open(kit* run);               /* a loop, own or guest; NULL: it failed, said */
int kit_create(kit_loop* l, const poe_create* how, poe_loop** ret_loop);
void kit_how(const kit_loop* l, poe_create* ret_how);
int64_t kit_now(const kit_loop* l);
int64_t kit_real_now(void);
int kit_watch(kit_loop* l, poe_handle handle, uint32_t interest, uint64_t token);
int kit_arm(kit_loop* l, int64_t deadline_ns);
int kit_wake(kit_loop* l); /* loop thread; other threads and handlers call the op itself */
int kit_close(kit_loop* l);
void kit_abandon(kit_loop* l);
int kit_step(kit_loop* l, int64_t max_wait_ns);
int kit_run(kit_loop* l);
int kit_stop(kit_loop* l);
int kit_hold(kit_loop* l, int32_t keep);
int kit_pollable(kit_loop* l, poe_pollable* ret_pollable);
void kit_host_run(kit_loop* l, int64_t at_most_ns);
void kit_host_inner(kit_loop* l, int64_t at_most_ns); /* an inner run of the host, inside a callback */

/* Drives (own: steps, guest: the host's run) until done(l) or `budget_ns` of the loop's time. 1: done. */
int kit_drive(kit_loop* l, kit_done* done, int64_t budget_ns);
/* The same against real time: other threads and children know nothing of a loop's own clock. */
int kit_drive_really(kit_loop* l, kit_done* done, int64_t budget_ns);
/* Drives for a while in which nothing should happen; returns how many calls came. *ret_steps may be NULL. */
int kit_idle(kit_loop* l, int64_t window_ns, int* ret_steps);

int kit_has_turn(kit_loop* l);
int kit_has_ready(kit_loop* l);
int kit_has_closed(kit_loop* l);
int kit_has_deadline(kit_loop* l);
int kit_has_woken(kit_loop* l);
void kit_forget_reports(kit_loop* l);                   /* counters back to 0 */
int kit_reported(const kit_loop* l, uint64_t token);    /* how often */
uint32_t kit_events(const kit_loop* l, uint64_t token); /* all bits reported under it */

/* ---- the world (world.c): descriptors come from the loop's own table */
const poe_sys* kit_real_sys(void);
int kit_pipe(kit_loop* l, int* ret_pair); /* 0, or said; [0] reads */
int kit_pair(kit_loop* l, int* ret_pair); /* connected stream sockets */
int kit_tcp(kit_loop* l, int* ret_pair);  /* connected TCP sockets; -ENOSYS and the like in worlds without */
int kit_listener(kit_loop* l, void* ret_address, uint32_t* size); /* TCP on 127.0.0.1; descriptor or -errno */
int kit_keep(kit_loop* l, int fd);                                /* remembers fd for cleaning; returns it */
void kit_close_fd(kit_loop* l, int fd);
int kit_fill(kit_loop* l, int fd);       /* writes until no more is taken; how many bytes */
int kit_drain(kit_loop* l, int fd);      /* reads until there is no more; how many bytes */
int kit_put(kit_loop* l, int fd);        /* writes one byte */
int kit_take(kit_loop* l, int fd);       /* reads one byte */
void kit_forget_fd(kit_loop* l, int fd); /* it is closed already */
int kit_open_descriptors(void);          /* of the process */

/* ---- children (sleeper.c) */
int kit_wait_for(kit* run, pid_t pid, int* ret_status); /* 1: it has ended, with *ret_status; 0: said */
/* One that sleeps until kit_sleeper_end(), or until this process ends: its end of the pipe then does. */
typedef struct kit_sleeper {
  pid_t pid;
  int hold; /* the end of the pipe that keeps it asleep */
} kit_sleeper;
int kit_sleeper_begin(kit* run, kit_sleeper* ret_sleeper); /* 0: said, and nothing is left */
int kit_sleeper_end(kit* run, const kit_sleeper* sleeper); /* 0: said */

/* ---- guests (guest.c, host_work.c) */
/* A check of the group guest: its loops are guests of the host that is there as its body begins. */
#define KIT_GUEST(name, rule, contract, body) \
  { "guest." name, "guest", rule, contract, 1, body }
/* Before the body of a check that needs a host. 1: loops are opened as guests from now on; 0: refused as agreed, or
 * said: there is nothing to be checked. */
int kit_guest(kit* run);
/* The host program's own work: a timer every millisecond, and a descriptor that kit_work_feed() makes readable. */
typedef struct kit_work {
  int timer, reader; /* how often each was served */
  int fds[2];
  kit_loop* loop;                          /* for on_timer, or NULL */
  void (*on_timer)(struct kit_work* work); /* the check's own reaction, or NULL */
} kit_work;
int kit_work_start(kit* run, kit_work* work); /* 0: said */
void kit_work_end(kit* run, kit_work* work);
void kit_work_served(kit* run, kit_loop* l, kit_work* work, const char* when); /* both within a second, or said */

/* A loop's whole life, closed or abandoned. 1: well. What a library keeps for a whole process is made by the first. */
int kit_one_life(kit* run, int abandoned);

/* ---- bodies that more than one group runs */
void kit_check_reads(kit* run);
void kit_check_forgotten(kit* run);
void kit_check_level(kit* run);
void kit_check_never_early(kit* run);
void kit_check_now_repeats(kit* run);
void kit_check_thread_wakes(kit* run);
void kit_check_wake_in_turn(kit* run);
void kit_check_step_in_turn(kit* run);
void kit_check_close_in_turn(kit* run);
void kit_check_close_silences(kit* run);
void kit_check_forget_in_ready(kit* run);
void kit_check_idle(kit* run);
void kit_check_churn(kit* run);
void kit_check_fork(kit* run);
void kit_check_writes(kit* run);
void kit_check_both_directions(kit* run);
void kit_check_token_is_replaced(kit* run);
void kit_check_interest_is_replaced(kit* run);
void kit_check_batches(kit* run);
void kit_check_renewed_in_ready(kit* run);
void kit_check_end_of_file(kit* run);
void kit_check_hung_up_and_forgotten(kit* run);
void kit_check_reader_gone(kit* run);
void kit_check_refused_connect(kit* run);
void kit_check_reset_by_peer(kit* run);
void kit_check_closed_before_forgotten(kit* run);
void kit_check_dup2(kit* run);
void kit_check_bad_descriptor(kit* run);
void kit_check_regular_file(kit* run);
void kit_check_priority(kit* run);
void kit_check_never_disarms(kit* run);
void kit_check_replaced_by_later(kit* run);
void kit_check_replaced_by_earlier(kit* run);
void kit_check_past_is_now(kit* run);
void kit_check_far_future(kit* run);
void kit_check_coalesces(kit* run);
void kit_check_signal_wakes(kit* run);
void kit_check_alternating(kit* run);
void kit_check_closes_in_ready(kit* run);
void kit_check_close_twice(kit* run);
void kit_check_one_byte_a_report(kit* run);
void kit_check_full_pipe(kit* run);
void kit_check_extreme_tokens(kit* run);
void kit_check_idle_costs_nothing(kit* run);
void kit_check_storm(kit* run);
void kit_check_closed_behind_its_back(kit* run);
void kit_check_full_delay_after_a_block(kit* run);
void kit_check_traffic_keeps_the_deadline(kit* run);
void kit_check_fair(kit* run);

/* ---- the lists */
typedef struct kit_list {
  const poe_kit_check* checks;
  size_t count;
} kit_list;
kit_list kit_load_checks(void);
kit_list kit_ending_checks(void);
kit_list kit_descriptor_checks(void);
kit_list kit_edge_checks(void);
kit_list kit_kind_checks(void);
kit_list kit_time_checks(void);
kit_list kit_clock_checks(void);
kit_list kit_wake_checks(void);
kit_list kit_storm_checks(void);
kit_list kit_drive_checks(void);
kit_list kit_nesting_checks(void);
kit_list kit_modal_checks(void);
kit_list kit_guest_checks(void);
kit_list kit_host_checks(void);
kit_list kit_embed_checks(void);
kit_list kit_process_checks(void);
kit_list kit_fork_checks(void);
kit_list kit_copy_checks(void);
kit_list kit_fault_checks(void);
kit_list kit_idle_checks(void);
#define KIT_LIST(name, array)                                        \
  kit_list name(void) {                                              \
    const kit_list list = {array, sizeof(array) / sizeof(array[0])}; \
    return list;                                                     \
  }

#endif /* POE_KIT_PRIVATE_H */
