/* SPDX-License-Identifier: MIT
 *
 * Group time: the one deadline, the clock, and how long step() waits. All times are the loop's own. */
#include "kit.h"

void kit_check_never_early(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (int i = 0; i < 5; ++i) {
    const int64_t deadline = kit_now(l) + KIT_MS / 2 + i * 700000 + i;
    kit_forget_reports(l);
    KIT_EQUAL(run, "arm()", 0, kit_arm(l, deadline));
    KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "an armed deadline: expected a turn, got none");
    KIT_EXPECT(run, l->turn_time >= deadline, "a deadline: expected no turn before it, one came %lld ns early",
               (long long)(deadline - l->turn_time));
    KIT_EQUAL(run, "turns for one deadline", 1, l->turns);
  }
}

void kit_check_past_is_now(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  const int64_t times[] = {kit_now(l), kit_now(l) - 1000 * KIT_MS, 0, -5, INT64_MIN + 1};
  for (unsigned i = 0; i < sizeof times / sizeof times[0]; ++i) {
    kit_forget_reports(l);
    KIT_EQUAL(run, "arm() in the past", 0, kit_arm(l, times[i]));
    KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "arm(%lld), past: expected a fresh turn, got none",
               (long long)times[i]);
  }
  KIT_EQUAL(run, "calls after the last one", 0, kit_idle(l, KIT_IDLE, NULL));
}

void kit_check_never_disarms(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  kit_arm(l, kit_now(l) + KIT_MS);
  KIT_EQUAL(run, "arm(NEVER)", 0, kit_arm(l, POE_NEVER_NS));
  KIT_EQUAL(run, "calls after arm(NEVER)", 0, kit_idle(l, KIT_IDLE, NULL));
  kit_arm(l, kit_now(l));
  kit_arm(l, POE_NEVER_NS);
  KIT_EQUAL(run, "calls after a past deadline was disarmed", 0, kit_idle(l, KIT_IDLE, NULL));
  kit_arm(l, POE_NOW_NS);
  kit_arm(l, POE_NEVER_NS);
  KIT_EQUAL(run, "calls after NOW was disarmed", 0, kit_idle(l, KIT_IDLE, NULL));
}

static void replaced(kit* run, int64_t first_ms, int64_t second_ms) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  const int64_t start = kit_now(l);
  kit_arm(l, start + first_ms * KIT_MS);
  kit_arm(l, start + second_ms * KIT_MS);
  KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "a replaced deadline: expected a turn, got none");
  const int64_t after = l->turn_time - start;
  KIT_EXPECT(run, after >= second_ms * KIT_MS,
             "deadline replaced by +%lld ms: expected no turn before, one came at %lld ns", (long long)second_ms,
             (long long)after);
  if (first_ms > second_ms)
    KIT_EXPECT(run, after < first_ms * KIT_MS, "deadline brought forward to +%lld ms: the turn came at %lld ns",
               (long long)second_ms, (long long)after);
  if (first_ms > second_ms) return;
  KIT_EQUAL(run, "turns for a replaced deadline", 1, l->turns);
}

/* Far apart: a machine too busy to run us at 1 ms would not show the fault. */
void kit_check_replaced_by_later(kit* run) { replaced(run, 1, 60); }
void kit_check_replaced_by_earlier(kit* run) { replaced(run, 1500, 2); }

static void fires_once(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  kit_arm(l, kit_now(l) + KIT_MS);
  KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "a deadline: expected a turn, got none");
  KIT_EQUAL(run, "calls after a deadline is spent", 0, kit_idle(l, KIT_IDLE, NULL));
}

static void rearm_now(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->turns < 50) kit_arm(l, POE_NOW_NS);
}

static int fifty_turns(kit_loop* l) { return l->turns >= 50; }

void kit_check_now_repeats(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->on_turn = rearm_now;
  KIT_EQUAL(run, "arm(NOW)", 0, kit_arm(l, POE_NOW_NS));
  KIT_EXPECT(run, kit_drive(l, fifty_turns, KIT_SOON), "arm(NOW) in each turn: expected 50 turns, got %d", l->turns);
  KIT_EQUAL(run, "calls when it is no longer armed", 0, kit_idle(l, KIT_IDLE, NULL));
}

static void rearm_past(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->turns < 50) kit_arm(l, kit_now(l));
}

static void armed_in_turn(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->on_turn = rearm_past;
  kit_arm(l, kit_now(l));
  KIT_EXPECT(run, kit_drive(l, fifty_turns, KIT_SOON), "a past deadline in each turn: expected 50 turns, got %d",
             l->turns);
  KIT_EQUAL(run, "calls when it is no longer armed", 0, kit_idle(l, KIT_IDLE, NULL));
}

static void rearm_now_always(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  kit_arm(l, POE_NOW_NS);
}

static void rearm_past_always(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  kit_arm(l, kit_now(l));
}

/* How many turns go by before a readable pipe is seen. */
static void served_beside(kit* run, void (*rearm)(kit_loop*, uint32_t), const char* what) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  l->on_turn = rearm;
  rearm(l, 0);
  kit_drive(l, fifty_turns, KIT_SOON);
  kit_put(l, l->pair[1]);
  kit_forget_reports(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON),
             "%s in each turn: expected a readable pipe reported, it never was", what);
  KIT_EXPECT(run, l->turns <= 20, "%s in each turn: expected a readable pipe reported within 20 turns, it took %d",
             what, l->turns);
}

static void now_starves_nobody(kit* run) { served_beside(run, rearm_now_always, "arm(NOW)"); }
static void past_starves_nobody(kit* run) { served_beside(run, rearm_past_always, "a past deadline"); }

void kit_check_far_future(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  const int64_t far[] = {kit_now(l) + INT64_C(90000000) * KIT_MS, INT64_MAX / 2, INT64_MAX - 1};
  for (unsigned i = 0; i < sizeof far / sizeof far[0]; ++i) {
    int steps = 0;
    KIT_EQUAL(run, "arm() far ahead", 0, kit_arm(l, far[i]));
    KIT_EQUAL(run, "calls with a far deadline", 0, kit_idle(l, KIT_IDLE, &steps));
    KIT_EXPECT(run, steps <= 10, "a far deadline: expected at most 10 wake-ups, got %d", steps);
  }
}

static void monotonic(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  int64_t last = kit_now(l);
  for (int i = 0; i < 1000; ++i) {
    if (i % 100 == 0) kit_step(l, 0);
    const int64_t now = kit_now(l);
    KIT_EXPECT(run, now >= last, "now(): expected %lld or later, got %lld", (long long)last, (long long)now);
    last = now;
  }
}

static void step_zero(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  kit_arm(l, kit_now(l) + 3600000 * KIT_MS);
  const int64_t real = kit_real_now();
  for (int i = 0; i < 20; ++i) KIT_EQUAL(run, "step(0) with nothing to do", 0, kit_step(l, 0));
  KIT_EXPECT(run, kit_real_now() - real < 500 * KIT_MS, "20 times step(0): expected no waiting, took %lld ns",
             (long long)(kit_real_now() - real));
}

static void step_waits(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  const int64_t real = kit_real_now();
  int steps = 0;
  KIT_EQUAL(run, "calls in idle steps", 0, kit_idle(l, 8 * KIT_MS, &steps));
  KIT_EXPECT(run, steps <= 10, "waiting 8 ms: expected at most 10 steps, got %d", steps);
  KIT_EXPECT(run, kit_real_now() - real < 800 * KIT_MS, "waiting 8 ms: expected an end soon, took %lld ns",
             (long long)(kit_real_now() - real));
}

static void step_ends_with_deadline(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  const int64_t start = kit_now(l);
  kit_arm(l, start + 2 * KIT_MS);
  int calls = 0;
  for (int i = 0; i < 10 && calls == 0; ++i) calls = kit_step(l, 1500 * KIT_MS);
  KIT_EQUAL(run, "calls in a step that a deadline ends", 1, calls);
  KIT_EXPECT(run, kit_now(l) - start < 1000 * KIT_MS,
             "step(1.5 s), deadline at 2 ms: expected an end soon, took %lld ns", (long long)(kit_now(l) - start));
}

static void step_without_limit(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  kit_arm(l, kit_now(l) + 2 * KIT_MS);
  int calls = 0;
  for (int i = 0; i < 10 && calls == 0; ++i) calls = kit_step(l, POE_NEVER_NS);
  KIT_EQUAL(run, "calls in step(NEVER) with a deadline", 1, calls);
}

static void below_a_millisecond(kit* run) {
  if (!kit_can(run, POE_CAP_SUB_MS)) {
    kit_check_never_early(run);
    kit_skip(run, "SUB_MS is clear: deadlines are rounded up, never down");
    return;
  }
  kit_loop* l = kit_open(run);
  if (!l) return;
  int64_t best = INT64_MAX;
  for (int i = 0; i < 50 && best >= 900000; ++i) { /* the machine may be busy: the best of 50 */
    const int64_t start = kit_now(l);
    kit_forget_reports(l);
    kit_arm(l, start + 150000);
    kit_drive(l, kit_has_deadline, KIT_SOON);
    KIT_EXPECT(run, l->deadline_turns == 1, "a deadline: expected one turn, got %d", l->deadline_turns);
    if (l->turn_time - start < best) best = l->turn_time - start;
  }
  KIT_EXPECT(run, best < 900000, "a deadline in 0.15 ms with SUB_MS: expected it below 0.9 ms, best was %lld ns",
             (long long)best);
}

static const poe_kit_check kChecks[] = {
    {"time.never_early", "time", "a deadline's turn begins at or after it, judged by now(), once", KIT_OP(arm), 0,
     kit_check_never_early},
    {"time.past_means_a_fresh_turn", "time", "a deadline in the past gives a turn, never from inside arm()",
     KIT_OP(arm), 0, kit_check_past_is_now},
    {"time.never_disarms", "time", "POE_NEVER_NS takes the deadline away, past ones and NOW too", KIT_OP(arm), 0,
     kit_check_never_disarms},
    {"time.replaced_by_a_later_one", "time", "arm() replaces the former deadline", KIT_OP(arm), 0,
     kit_check_replaced_by_later},
    {"time.replaced_by_an_earlier_one", "time", "arm() replaces the former deadline", KIT_OP(arm), 0,
     kit_check_replaced_by_earlier},
    {"time.fires_once", "time", "a deadline that has fired is spent", KIT_OP(arm), 0, fires_once},
    {"time.now_gives_a_turn_each_time", "time", "POE_NOW_NS is a fresh turn, again and again, and legal in turn()",
     KIT_OP(arm), 0, kit_check_now_repeats},
    {"time.past_armed_inside_turn", "time", "arm() in turn() means a further turn, not a deeper one", KIT_OP(arm), 0,
     armed_in_turn},
    {"time.now_starves_no_descriptor", "time", "turns for NOW let descriptors through", KIT_OP(arm), 0,
     now_starves_nobody},
    {"time.past_starves_no_descriptor", "time", "turns for past deadlines let descriptors through", KIT_OP(arm), 0,
     past_starves_nobody},
    {"time.far_future_is_quiet", "time", "a deadline far ahead wakes nobody and overflows nothing", KIT_OP(arm), 0,
     kit_check_far_future},
    {"time.clock_never_steps_back", "time", "now() is monotonic", KIT_OP(now), 0, monotonic},
    {"time.step_zero_never_blocks", "time", "step(0) does not wait", KIT_OP(step), 0, step_zero},
    {"time.step_waits_and_ends", "time", "an idle step waits, about as long as told, without spinning", KIT_OP(step), 0,
     step_waits},
    {"time.step_ends_with_the_deadline", "time", "step() returns as soon as the deadline was delivered", KIT_OP(step),
     0, step_ends_with_deadline},
    {"time.step_without_limit", "time", "step(NEVER) ends with the deadline", KIT_OP(step), 0, step_without_limit},
    {"time.below_a_millisecond_as_declared", "time", "deadlines are finer than a millisecond with SUB_MS",
     KIT_CAP(SUB_MS), 0, below_a_millisecond},
};

KIT_LIST(kit_time_checks, kChecks)
