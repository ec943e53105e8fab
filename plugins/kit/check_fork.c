/* SPDX-License-Identifier: MIT
 *
 * Group fork: a child that abandons the loop leaves the parent's working. */
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

/* Forks; the child abandons the loop (if the capability promises that this is safe) and leaves. */
static int child_leaves(kit_loop* l) {
  kit* run = l->run;
  const int abandons = kit_can(run, POE_CAP_FORK_ABANDON);
  const pid_t pid = fork();
  if (pid < 0) {
    kit_fail(run, "fork(): expected a child, got none");
    return 0;
  }
  if (pid == 0) {
    if (abandons) run->ops->abandon(l->loop);
    _exit(l->calls == 0 ? 0 : 3);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) continue;
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

static const poe_kit_check kChecks[] = {
    {"fork.abandoning_child_leaves_the_parent", "fork", "abandon() in a child leaves the parent's loop working",
     kit_check_fork},
    {"fork.wake_before_fork_is_the_parents", "fork", "a pending wake survives a child's abandon()",
     child_is_woken_by_nobody},
};

KIT_LIST(kit_fork_checks, kChecks)
