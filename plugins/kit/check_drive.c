/* SPDX-License-Identifier: MIT
 *
 * Group drive: what step() and run() return, driving from inside callbacks. */
#include <errno.h>

#include "kit.h"

static void counts_calls(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (uint64_t i = 0; i < 3; ++i) {
    if (kit_pipe(l, l->pair)) return;
    kit_watch(l, l->pair[0], POE_READ, i);
    kit_put(l, l->pair[1]);
  }
  kit_wake(l);
  kit_arm(l, kit_now(l));
  for (int i = 0; i < 10; ++i) {
    const int before = l->calls;
    const int result = kit_step(l, KIT_MS);
    KIT_EQUAL(run, "what step() returned, against calls made", l->calls - before, result);
  }
  KIT_EXPECT(run, l->readies >= 3 && l->turns >= 1, "expected 3 reports and a turn in 10 steps, got %d and %d",
             l->readies, l->turns);
}

static void counts_closed(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  kit_close(l);
  int sum = 0;
  for (int i = 0; i < 100 && !l->closed; ++i) sum += kit_step(l, KIT_MS);
  KIT_EXPECT(run, l->closed, "100 steps after close(): expected closed(), got none");
  KIT_EQUAL(run, "what the steps returned, closed() included", 1, sum);
}

void kit_check_idle(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (uint64_t i = 0; i < 5; ++i) {
    if (kit_pipe(l, l->pair)) return;
    kit_watch(l, l->pair[0], POE_READ, i);
  }
  kit_arm(l, kit_now(l) + 3600000 * KIT_MS);
  int steps = 0;
  KIT_EQUAL(run, "calls while nothing happens", 0, kit_idle(l, 2 * KIT_IDLE, &steps));
  KIT_EXPECT(run, steps <= 10, "12 ms of nothing: expected at most 10 wake-ups, got %d", steps);
}

static void stop_in_turn(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  l->number = kit_stop(l);
}

/* 0: no RUN, and run() says so. */
static int runs(kit* run) {
  if (kit_can(run, POE_CAP_RUN)) return 1;
  kit_skip(run, "RUN is clear: run() and stop() are NULL, the kernel steps");
  if (kit_covers(run, offsetof(poe_loop_ops, stop) + sizeof run->ops->stop) && (run->ops->run || run->ops->stop)) {
    run->result = POE_KIT_PASS;
    kit_fail(run, "without RUN: expected run() and stop() NULL, got one");
  }
  return 0;
}

static void stopped_in_turn(kit* run) {
  if (!runs(run)) return;
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->on_turn = stop_in_turn;
  for (int i = 1; i <= 3; ++i) {
    kit_arm(l, kit_now(l) + KIT_MS);
    KIT_EQUAL(run, "run() that stop() in turn() ends", 0, kit_run(l));
    KIT_EQUAL(run, "stop() in turn()", 0, (int)l->number);
    KIT_EQUAL(run, "turns", i, l->turns);
  }
}

static void stop_sticks(kit* run) {
  if (!runs(run)) return;
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->on_turn = stop_in_turn;
  kit_arm(l, kit_now(l) + KIT_SOON); /* ends a run() that misses the stop */
  const int64_t start = kit_now(l);
  KIT_EQUAL(run, "stop() before run()", 0, kit_stop(l));
  KIT_EQUAL(run, "run() after stop()", 0, kit_run(l));
  KIT_EXPECT(run, kit_now(l) - start < KIT_SOON, "stop() before run(): expected run() to return at once, it did not");
  kit_arm(l, kit_now(l) + KIT_MS);
  kit_forget_reports(l);
  KIT_EQUAL(run, "the next run()", 0, kit_run(l));
  KIT_EQUAL(run, "turns in the next run(): the stop was used up", 1, l->turns);
}

static int pending_turns(kit_loop* l) { return l->turns >= 4; }
static void stop_at_four(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (pending_turns(l)) kit_stop(l);
  if (!pending_turns(l)) kit_arm(l, POE_NOW_NS);
}

static void runs_on(kit* run) {
  if (!runs(run)) return;
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  l->on_turn = stop_at_four;
  KIT_EQUAL(run, "run()", 0, kit_run(l));
  /* A host that was going through its descriptors as stop() came may finish with them. */
  KIT_EXPECT(run, l->turns >= 4 && l->turns <= 8, "stop() in the fourth turn: expected run() to end, got %d turns",
             l->turns);
  KIT_EXPECT(run, l->readies >= 1, "run(): expected a readable pipe reported, got none");
}

/* A step inside a callback: once, with a second pipe readable for it to find. */
static void step_inside(kit_loop* l) {
  if (l->seen++) return;
  kit_put(l, l->other[1]);
  l->number = kit_step(l, 20 * KIT_MS);
}
static void step_in_turn(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  step_inside(l);
}
static void step_in_ready(kit_loop* l, uint64_t token, uint32_t events) {
  (void)token;
  (void)events;
  step_inside(l);
}

static void judge_inner_step(kit* run, kit_loop* l, const char* where) {
  KIT_EXPECT(run, l->seen > 0, "expected %s, got none", where);
  if (!kit_can(run, POE_CAP_NESTED_STEP)) {
    KIT_EXPECT(run, l->number == -EDEADLK, "step() in %s without NESTED_STEP: expected %d, got %d", where, -EDEADLK,
               (int)l->number);
    kit_skip(run, "NESTED_STEP is clear: step() in %s gave -EDEADLK", where);
    return;
  }
  KIT_EXPECT(run, l->number >= 1, "step() in %s with NESTED_STEP: expected what is readable delivered, got %d calls",
             where, (int)l->number);
}

static void run_inner_step(kit* run, int in_turn) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair) || kit_pipe(l, l->other)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_watch(l, l->other[0], POE_READ, 2);
  kit_put(l, l->pair[1]);
  l->on_turn = in_turn ? step_in_turn : NULL;
  l->on_ready = in_turn ? NULL : step_in_ready;
  kit_drive(l, kit_has_ready, KIT_SOON);
  judge_inner_step(run, l, in_turn ? "turn()" : "ready()");
  if (run->result == POE_KIT_FAIL) return;
  kit_forget_reports(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "after an inner step(): expected reports to go on, got none");
}

void kit_check_step_in_turn(kit* run) { run_inner_step(run, 1); }
static void steps_in_ready(kit* run) { run_inner_step(run, 0); }

/* A run inside a turn: its stop() must end it alone. */
static void run_inside(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->turns == 1) {
    kit_arm(l, kit_now(l) + KIT_MS);
    l->number = kit_run(l);
    l->seen = l->turns;
    kit_arm(l, kit_now(l) + KIT_MS);
    return;
  }
  kit_stop(l);
}

static void runs_in_turn(kit* run) {
  if (!runs(run)) return;
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->on_turn = run_inside;
  kit_arm(l, kit_now(l));
  KIT_EQUAL(run, "the outer run()", 0, kit_run(l));
  if (!kit_can(run, POE_CAP_NESTED_STEP)) {
    KIT_EQUAL(run, "run() in turn() without NESTED_STEP", -EDEADLK, (int)l->number);
    kit_skip(run, "NESTED_STEP is clear: run() in turn() gave -EDEADLK");
    return;
  }
  KIT_EQUAL(run, "run() in turn() with NESTED_STEP", 0, (int)l->number);
  KIT_EXPECT(run, l->seen == 2 && l->turns == 3, "stop() in the inner run(): expected the outer to go on, got %d turns",
             l->turns);
}

static int served_all(kit_loop* l) { return l->readies && l->deadline_turns && l->woken_turns; }

static void stop_when_served(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->readies) kit_watch(l, l->pair[0], 0, 0);
  if (served_all(l)) kit_stop(l);
}

static void run_serves_all(kit* run) {
  if (!runs(run)) return;
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  kit_arm(l, kit_now(l) + 2 * KIT_MS);
  kit_wake(l);
  l->on_turn = stop_when_served;
  KIT_EQUAL(run, "run()", 0, kit_run(l));
  KIT_EXPECT(run, served_all(l), "run(): expected a report, a deadline and a wake, got %d, %d and %d", l->readies,
             l->deadline_turns, l->woken_turns);
  l->on_turn = NULL;
  kit_forget_reports(l);
  kit_wake(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "step() after run(): expected a WOKEN turn, got none");
}

/* The wait of a step must not outlive what came before it. */
static void returns_at_once(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  const int64_t real = kit_real_now();
  int calls = 0;
  for (int i = 0; i < 10 && calls == 0; ++i) calls = kit_step(l, POE_NEVER_NS);
  KIT_EXPECT(run, calls >= 2, "step(NEVER), readable before: expected ready() and turn(), got %d calls", calls);
  KIT_EXPECT(run, kit_real_now() - real < KIT_SOON, "step(NEVER), readable before: expected it to return at once");
}

static const poe_kit_check kChecks[] = {
    {"drive.step_returns_calls_made", "drive", "step() returns the number of host calls made", KIT_OP(step), 0,
     counts_calls},
    {"drive.step_counts_closed", "drive", "closed() counts as a call, though the loop is freed before", KIT_OP(step), 0,
     counts_closed},
    {"drive.idle_makes_no_call", "drive", "a loop with nothing to do makes no calls and no wake-ups", KIT_OP(step), 0,
     kit_check_idle},
    {"drive.stop_inside_turn_ends_run", "drive", "stop() ends run(), which may be called again", KIT_OP(stop), 0,
     stopped_in_turn},
    {"drive.stop_before_run_sticks", "drive", "stop() before run() makes the next run() return at once, and only it",
     KIT_OP(stop), 0, stop_sticks},
    {"drive.run_goes_on_until_stop", "drive", "run() delivers until stop()", KIT_OP(run), 0, runs_on},
    {"drive.step_inside_turn_as_declared", "drive", "step() in turn() works with NESTED_STEP, else -EDEADLK",
     KIT_CAP(NESTED_STEP), 0, kit_check_step_in_turn},
    {"drive.step_inside_ready_as_declared", "drive", "step() in ready() works with NESTED_STEP, else -EDEADLK",
     KIT_CAP(NESTED_STEP), 0, steps_in_ready},
    {"drive.run_inside_turn_as_declared", "drive",
     "run() in turn() works with NESTED_STEP, else -EDEADLK; stop() ends the innermost", KIT_CAP(NESTED_STEP), 0,
     runs_in_turn},
    {"drive.run_serves_everything", "drive", "run() delivers as step() does, and step() goes on after it", KIT_OP(run),
     0, run_serves_all},
    {"drive.step_returns_with_the_first_batch", "drive", "step() returns as soon as anything was delivered",
     KIT_OP(step), 0, returns_at_once},
};

KIT_LIST(kit_drive_checks, kChecks)
