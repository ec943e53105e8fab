/* SPDX-License-Identifier: MIT
 *
 * A child of the program's that keeps a copy of everything: the loop's own descriptors, and a ready one that the parent
 * then closes, and forgets too late. By a copy of an epoll set the kernel keeps what no number reaches any more. */
#include "kit.h"

static void is_quiet(kit* run, kit_loop* l) {
  kit_idle(l, KIT_IDLE, NULL); /* to notice */
  int steps = 0;
  const int calls = kit_idle(l, 50 * KIT_MS, &steps);
  if (calls != 0) kit_fail(run, "50 ms beside a child's copies: expected no call, got %d", calls);
  if (steps > 10) kit_fail(run, "50 ms beside a child's copies: expected step() to wait, it returned %d times", steps);
}

static void still_reports(kit* run, kit_loop* l) {
  if (kit_pipe(l, l->other)) return;
  kit_watch(l, l->other[0], POE_READ, 2);
  kit_put(l, l->other[1]);
  kit_forget_reports(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "beside a child's copies: expected a report, got none");
}

/* The host goes on: nothing of a guest that has left may be looked at. */
static void leaves(kit* run, kit_loop* l) {
  kit_close(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_closed, KIT_SOON), "close() beside a child's copies: expected closed()");
  if (run->host) kit_host_run(l, 50 * KIT_MS);
}

static void child_has_copies(kit* run) {
  kit_loop* l = kit_open(run);
  kit_sleeper child;
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  kit_drive(l, kit_has_ready, KIT_SOON);
  if (!kit_sleeper_begin(run, &child)) return;
  kit_close_fd(l, l->pair[0]);
  kit_watch(l, l->pair[0], 0, 0);
  is_quiet(run, l);
  still_reports(run, l);
  leaves(run, l);
  kit_sleeper_end(run, &child);
}

static const poe_kit_check kChecks[] = {
    {"fork.copies_in_a_child_disturb_nothing", "fork", "what a child still has of the loop neither reports nor wakes",
     KIT_OP(watch), 0, child_has_copies},
    KIT_GUEST("copies_in_a_child_disturb_nothing", "what a child still has of a guest leaves the host alone",
              KIT_OP(watch), child_has_copies),
};

KIT_LIST(kit_copy_checks, kChecks)
