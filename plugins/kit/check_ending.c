/* SPDX-License-Identifier: MIT
 *
 * Group load, second half: ending a loop, and what is left afterwards. */
#include "kit.h"

static void closed_once(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  KIT_EQUAL(run, "close()", 0, kit_close(l));
  KIT_EQUAL(run, "closed() from inside close()", 0, l->closed);
  KIT_EXPECT(run, kit_drive(l, kit_has_closed, KIT_SOON), "after close(): expected closed() while driven, got none");
  KIT_EQUAL(run, "closed() calls", 1, l->closed);
}

void kit_check_close_twice(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  KIT_EQUAL(run, "close()", 0, kit_close(l));
  KIT_EQUAL(run, "close() again", 0, kit_close(l));
  KIT_EXPECT(run, kit_drive(l, kit_has_closed, KIT_SOON), "after close() twice: expected closed(), got none");
  KIT_EQUAL(run, "closed() calls", 1, l->closed);
}

static void close_now(kit_loop* l) {
  if (!l->closing) l->number = kit_close(l);
}
static void close_in_turn(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  close_now(l);
}
static void close_in_ready(kit_loop* l, uint64_t token, uint32_t events) {
  (void)token;
  (void)events;
  close_now(l);
}

void kit_check_close_in_turn(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  kit_wake(l);
  l->on_turn = close_in_turn;
  KIT_EXPECT(run, kit_drive(l, kit_has_closed, KIT_SOON), "close() in turn(): expected closed() later, got none");
  KIT_EQUAL(run, "close() in turn()", 0, (int)l->number);
}

/* ready() of several descriptors: those collected after the close must be dropped. */
void kit_check_closes_in_ready(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (uint64_t i = 0; i < 4; ++i) {
    if (kit_pipe(l, l->pair)) return;
    kit_watch(l, l->pair[0], POE_READ, i);
    kit_put(l, l->pair[1]);
  }
  l->on_ready = close_in_ready;
  KIT_EXPECT(run, kit_drive(l, kit_has_closed, KIT_SOON), "close() in ready(): expected closed() later, got none");
  KIT_EQUAL(run, "ready() calls in all", 1, l->readies);
}

void kit_check_close_silences(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  kit_wake(l);
  kit_arm(l, kit_now(l));
  kit_close(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_closed, KIT_SOON), "after close(): expected closed(), got none");
  KIT_EQUAL(run, "calls after close()", 1, l->calls);
}

int kit_one_life(kit* run, int abandoned) {
  kit inner;
  kit_begin(&inner, run->target);
  inner.contract = run->contract;
  inner.doing = run->doing;
  kit_loop* l = kit_open(&inner);
  if (l && kit_pipe(l, l->pair) == 0) {
    kit_watch(l, l->pair[0], POE_READ, 1);
    kit_arm(l, kit_now(l) + 1000 * KIT_MS);
    kit_wake(l);
    kit_drive(l, kit_has_woken, KIT_SOON);
    if (abandoned) {
      kit_watch(l, l->pair[0], 0, 0);
      kit_close_fd(l, l->pair[0]);
      kit_close_fd(l, l->pair[1]);
      kit_abandon(l);
    }
  }
  kit_end(&inner);
  kit_adopt(run, &inner);
  return inner.result == POE_KIT_PASS;
}

static void leaves_nothing(kit* run, int abandoned) {
  kit_one_life(run, abandoned); /* what a library keeps for the whole process is made by the first one */
  const int before = kit_open_descriptors();
  for (int i = 0; i < 100; ++i)
    if (!kit_one_life(run, abandoned)) return;
  KIT_EQUAL(run, "open descriptors after 100 loops", before, kit_open_descriptors());
}

static void hundred_closed(kit* run) { leaves_nothing(run, 0); }
static void hundred_abandoned(kit* run) { leaves_nothing(run, 1); }

static void abandon_is_silent(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  kit_wake(l);
  kit_arm(l, kit_now(l));
  kit_abandon(l);
  KIT_EQUAL(run, "calls from abandon()", 0, l->calls);
}

static const poe_kit_check kChecks[] = {
    {"load.closed_comes_once_and_later", "load", "close() leads to exactly one closed(), never from inside close()",
     KIT_OP(close), 0, closed_once},
    {"load.close_is_idempotent", "load", "calling close() again does nothing and returns 0", KIT_OP(close), 0,
     kit_check_close_twice},
    {"load.close_inside_turn", "load", "close() is legal in turn()", KIT_OP(close), 0, kit_check_close_in_turn},
    {"load.close_inside_ready", "load", "close() is legal in ready(), and drops what was collected", KIT_OP(close), 0,
     kit_check_closes_in_ready},
    {"load.close_silences_everything", "load", "no delivery follows close() but closed()", KIT_OP(close), 0,
     kit_check_close_silences},
    {"load.abandon_calls_nobody", "load", "abandon() frees at once, without closed()", KIT_OP(abandon), 0,
     abandon_is_silent},
    {"load.hundred_loops_leave_nothing", "load", "100 loops made and closed leave no descriptor (R97)", KIT_OP(close),
     0, hundred_closed},
    {"load.hundred_abandoned_loops_leave_nothing", "load", "100 loops made and abandoned leave no descriptor (R97)",
     KIT_OP(abandon), 0, hundred_abandoned},
};

KIT_LIST(kit_ending_checks, kChecks)
