/* SPDX-License-Identifier: MIT
 *
 * Group nesting, first half: steps inside callbacks of an own loop, as the kernel makes them for nested runs. */
#include "kit.h"

static int nests(kit* run) {
  if (!kit_can(run, POE_CAP_NESTED_STEP)) kit_skip(run, "NESTED_STEP is clear: the kernel makes nested turns itself");
  return kit_can(run, POE_CAP_NESTED_STEP);
}

/* Steps inside a callback until done. */
static void inner_until(kit_loop* l, kit_done* done) {
  for (int i = 0; i < 200 && l->loop && !done(l); ++i) kit_step(l, 20 * KIT_MS);
}

/* How many calls an inner step may deliver what, with the outer turn's own reasons taken off. */
static int second_woken(kit_loop* l) { return l->woken_turns >= 2; }

static void deadline_inside(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->seen++) return;
  kit_arm(l, kit_now(l) + 2 * KIT_MS);
  inner_until(l, kit_has_deadline);
  l->number = l->deadline_turns;
}

static void delivers_deadlines(kit* run) {
  kit_loop* l = nests(run) ? kit_open(run) : NULL;
  if (!l) return;
  l->on_turn = deadline_inside;
  kit_wake(l);
  kit_drive(l, kit_has_woken, KIT_SOON);
  KIT_EQUAL(run, "deadlines delivered by steps inside a turn", 1, (int)l->number);
}

static void wake_inside(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->seen++) return;
  kit_wake(l);
  inner_until(l, second_woken);
  l->number = l->woken_turns;
}

static void delivers_wakes(kit* run) {
  kit_loop* l = nests(run) ? kit_open(run) : NULL;
  if (!l) return;
  l->on_turn = wake_inside;
  kit_wake(l);
  kit_drive(l, kit_has_woken, KIT_SOON);
  KIT_EXPECT(run, l->number >= 2, "a wake in a turn, stepped inside it: expected a WOKEN turn, got none");
  l->on_turn = NULL;
  kit_idle(l, KIT_MS, NULL); /* a turn for the wake of the outer batch may still come */
  KIT_EQUAL(run, "calls once it has calmed down", 0, kit_idle(l, KIT_IDLE, NULL));
}

/* The outer batch has both pipes; a step inside the first report forgets both. */
static void forget_both_inside(kit_loop* l, uint64_t token, uint32_t events) {
  (void)token;
  (void)events;
  if (l->seen++ == 0) {
    kit_step(l, 20 * KIT_MS);
    return;
  }
  kit_watch(l, l->pair[0], 0, 0);
  kit_watch(l, l->other[0], 0, 0);
  l->number = l->readies;
}

static void forgets_for_the_outer(kit* run) {
  kit_loop* l = nests(run) ? kit_open(run) : NULL;
  if (!l || kit_pipe(l, l->pair) || kit_pipe(l, l->other)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_watch(l, l->other[0], POE_READ, 2);
  kit_put(l, l->pair[1]);
  kit_put(l, l->other[1]);
  l->on_ready = forget_both_inside;
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "two readable pipes: expected a report, got none");
  KIT_EXPECT(run, l->number > 0, "a step inside ready(): expected it to report what is readable, it did not");
  kit_idle(l, KIT_IDLE, NULL);
  KIT_EQUAL(run, "reports of the outer batch after an inner step forgot both", (int)l->number, l->readies);
}

static void dive(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->run->depth > l->seen) l->seen = l->run->depth;
  if (l->number++ >= 5) return;
  const int before = l->turns;
  kit_wake(l);
  for (int i = 0; i < 50 && l->turns == before; ++i) kit_step(l, 20 * KIT_MS);
}

static void five_deep(kit* run) {
  kit_loop* l = nests(run) ? kit_open(run) : NULL;
  if (!l || kit_pipe(l, l->pair)) return;
  l->on_turn = dive;
  kit_wake(l);
  kit_drive(l, kit_has_woken, KIT_SOON);
  KIT_EXPECT(run, l->seen >= 5, "turns inside turns: expected 5 deep, got %d", (int)l->seen);
  l->on_turn = NULL;
  kit_idle(l, KIT_MS, NULL);
  kit_forget_reports(l);
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "after 5 nested turns: expected a report, got none");
}

static void close_inside(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->seen++ == 0) {
    kit_wake(l);
    for (int i = 0; i < 50 && l->seen == 1; ++i) kit_step(l, 20 * KIT_MS);
    return;
  }
  if (!l->closing) l->number = kit_close(l) + 1;
}

static void closes_inside(kit* run) {
  kit_loop* l = nests(run) ? kit_open(run) : NULL;
  if (!l) return;
  l->on_turn = close_inside;
  kit_wake(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_closed, KIT_SOON), "close() in a nested turn: expected closed(), got none");
  KIT_EQUAL(run, "close() in a nested turn, plus 1", 1, (int)l->number);
}

static void step_zero_inside(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->seen++) return;
  for (int i = 0; i < 5; ++i) l->number += kit_step(l, 0);
}

static void quiet_inside(kit* run) {
  kit_loop* l = nests(run) ? kit_open(run) : NULL;
  if (!l) return;
  l->on_turn = step_zero_inside;
  kit_arm(l, kit_now(l));
  kit_drive(l, kit_has_deadline, KIT_SOON);
  KIT_EQUAL(run, "calls of step(0) in a turn, with nothing to do", 0, (int)l->number);
  KIT_EQUAL(run, "turns in all", 1, l->turns);
}

static const poe_kit_check kChecks[] = {
    {"nesting.inner_step_delivers_deadlines", "nesting", "with NESTED_STEP a deadline comes inside a turn",
     KIT_CAP(NESTED_STEP), 0, delivers_deadlines},
    {"nesting.inner_step_delivers_wakes", "nesting", "with NESTED_STEP a wake comes inside a turn",
     KIT_CAP(NESTED_STEP), 0, delivers_wakes},
    {"nesting.inner_forget_holds_for_the_outer_batch", "nesting",
     "no report follows a forget, not even one collected by an outer step", KIT_OP(watch), 0, forgets_for_the_outer},
    {"nesting.five_deep", "nesting", "turns inside turns, five deep, and all is as before", KIT_CAP(NESTED_STEP), 0,
     five_deep},
    {"nesting.close_in_a_nested_turn", "nesting", "close() in a nested turn: one closed(), and the outer step survives",
     KIT_OP(close), 0, closes_inside},
    {"nesting.quiet_inner_step", "nesting", "step(0) in a turn makes no call where nothing is ready", KIT_OP(step), 0,
     quiet_inside},
};

KIT_LIST(kit_nesting_checks, kChecks)
