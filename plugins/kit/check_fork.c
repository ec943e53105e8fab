/* SPDX-License-Identifier: MIT
 *
 * Group fork: a child that abandons the loop leaves the parent's working. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

/* Forks; the child abandons the loop (if the capability promises that this is safe) and leaves. */
static int child_leaves(kit_loop* l) {
  kit* run = l->run;
  const int abandons = kit_can(run, POE_CAP_FORK_ABANDON);
  const pid_t pid = fork();
  if (pid < 0) {
    kit_fail(run, "fork(): expected a child, got: %s", strerror(errno));
    return 0;
  }
  if (pid == 0) {
    if (abandons) run->ops->abandon(l->loop);
    _exit(l->calls == 0 ? 0 : 3);
  }
  int status = 0;
  if (!kit_wait_for(run, pid, &status)) return 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 1;
  kit_fail(run, "a child that abandons: expected exit 0, got %s %d", WIFSIGNALED(status) ? "signal" : "exit",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  return 0;
}

/* Everything the parent had before the fork must still come. */
void kit_check_fork(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_idle(l, KIT_MS, NULL);
  kit_arm(l, kit_now(l) + 3 * KIT_MS);
  if (!child_leaves(l)) return;
  KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "after the child left: expected the deadline, got none");
  kit_put(l, l->pair[1]);
  kit_forget_reports(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "after the child left: expected a report, got none");
  kit_take(l, l->pair[0]);
  kit_forget_reports(l);
  kit_wake(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "after the child left: expected a WOKEN turn, got none");
  kit_forget_reports(l);
  KIT_EQUAL(run, "calls in the parent afterwards", 0, kit_idle(l, KIT_IDLE, NULL));
  if (!kit_can(run, POE_CAP_FORK_ABANDON)) kit_skip(run, "FORK_ABANDON is clear: the child left without abandon()");
}

static void child_is_woken_by_nobody(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  kit_wake(l);
  if (!child_leaves(l)) return;
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "a wake before fork(): expected the parent's turn, got none");
  if (!kit_can(run, POE_CAP_FORK_ABANDON)) kit_skip(run, "FORK_ABANDON is clear: the child left without abandon()");
}

/* Runs `body` in a child; its answer is the exit code, 0 for well. 99: there is none, and that is said. */
static int in_child(kit_loop* l, int (*body)(kit_loop* l)) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body(l));
  if (pid < 0) kit_fail(l->run, "fork(): expected a child, got: %s", strerror(errno));
  int status = 0;
  return pid > 0 && kit_wait_for(l->run, pid, &status) && WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static int abandons(kit* run) {
  if (!kit_can(run, POE_CAP_FORK_ABANDON)) kit_skip(run, "FORK_ABANDON is clear: a child leaves the loop alone");
  return kit_can(run, POE_CAP_FORK_ABANDON);
}

/* What the library makes anew in a child, in a fork handler of its own, is not the loop's. */
static int count_after_abandon(kit_loop* l) {
  const int before = kit_open_descriptors();
  l->run->ops->abandon(l->loop);
  return before - kit_open_descriptors() == l->number ? 0 : 1;
}

static void child_gives_back(kit* run) {
  if (!abandons(run) || !kit_one_life(run, 0)) return;
  const int before = kit_open_descriptors();
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->number = kit_open_descriptors() - before;
  KIT_EQUAL(run, "descriptors of the loop left in a child that abandoned it (1: some)", 0,
            in_child(l, count_after_abandon));
}

static int use_another(kit_loop* l) {
  kit inner;
  l->run->ops->abandon(l->loop);
  kit_begin(&inner, l->run->target);
  kit_check_reads(&inner);
  kit_end(&inner);
  return inner.result == POE_KIT_FAIL;
}

static void child_has_its_own(kit* run) {
  if (!abandons(run)) return;
  kit_loop* l = kit_open(run);
  if (!l) return;
  KIT_EQUAL(run, "a child that abandons and then makes a loop of its own", 0, in_child(l, use_another));
  kit_wake(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON),
             "after the child's own loop: expected the parent's turn, got none");
}

static int just_leave(kit_loop* l) {
  (void)l;
  return 0;
}

static void child_just_leaves(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  for (int i = 0; i < 3; ++i) KIT_EQUAL(run, "a child that leaves the loop alone", 0, in_child(l, just_leave));
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "after three children left: expected a report, got none");
}

/* A child keeps a copy of a watched descriptor; the parent forgets and closes it. */
static void copy_in_a_child(kit* run) {
  kit_loop* l = kit_open(run);
  kit_sleeper child;
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  kit_drive(l, kit_has_ready, KIT_SOON);
  if (!kit_sleeper_begin(run, &child)) return;
  kit_watch(l, l->pair[0], 0, 0);
  kit_close_fd(l, l->pair[0]);
  kit_forget_reports(l);
  int steps = 0;
  const int calls = kit_idle(l, KIT_IDLE, &steps);
  if (!kit_sleeper_end(run, &child)) return;
  KIT_EQUAL(run, "calls for a closed descriptor that a child still has", 0, calls);
  KIT_EXPECT(run, steps <= 10, "a closed descriptor that a child still has: expected no wake-ups, got %d", steps);
}

static const poe_kit_check kChecks[] = {
    {"fork.abandoning_child_leaves_the_parent", "fork", "abandon() in a child leaves the parent's loop working",
     KIT_OP(abandon), 0, kit_check_fork},
    {"fork.wake_before_fork_is_the_parents", "fork", "a pending wake survives a child's abandon()", KIT_OP(abandon), 0,
     child_is_woken_by_nobody},
    {"fork.child_gives_back_descriptors", "fork", "abandon() in a child closes the loop's own descriptors",
     KIT_OP(abandon), 0, child_gives_back},
    {"fork.child_makes_its_own_loop", "fork", "a child that abandoned may make a loop of its own", KIT_OP(create), 0,
     child_has_its_own},
    {"fork.child_that_just_leaves", "fork", "a child that calls nothing disturbs nothing", KIT_OP(abandon), 0,
     child_just_leaves},
    {"fork.copy_in_a_child_is_silent", "fork", "forgotten and closed, a descriptor that a child has wakes nobody",
     KIT_OP(watch), 0, copy_in_a_child},
};

KIT_LIST(kit_fork_checks, kChecks)
