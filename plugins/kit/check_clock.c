/* SPDX-License-Identifier: MIT
 *
 * Group time, second half: the real clock, and deadlines among other work. */
#include <time.h>

#include "kit.h"

/* 1: said. A loop with a clock of its own knows nothing of the real one. */
static int owns_clock(kit* run) {
  if (kit_can(run, POE_CAP_OWN_CLOCK)) kit_skip(run, "OWN_CLOCK is set: no real clock applies");
  return kit_can(run, POE_CAP_OWN_CLOCK);
}

static void sleep_ms(int ms) {
  const struct timespec t = {0, (long)ms * 1000000};
  nanosleep(&t, NULL);
}

static void is_clock_monotonic(kit* run) {
  kit_loop* l = owns_clock(run) ? NULL : kit_open(run);
  if (!l) return;
  for (int i = 0; i < 5; ++i) {
    kit_step(l, 2 * KIT_MS);
    const int64_t before = kit_real_now(), now = kit_now(l), after = kit_real_now();
    KIT_EXPECT(run, now > before - 100 * KIT_MS && now <= after,
               "now() without OWN_CLOCK: expected CLOCK_MONOTONIC, %lld to %lld, got %lld", (long long)before,
               (long long)after, (long long)now);
  }
}

static void note_real(kit_loop* l, uint32_t reasons) {
  if (reasons & POE_TURN_DEADLINE) l->seen = kit_real_now();
}

static void never_early_really(kit* run) {
  kit_loop* l = owns_clock(run) ? NULL : kit_open(run);
  if (!l) return;
  l->on_turn = note_real;
  for (int i = 0; i < 20; ++i) {
    const int64_t deadline = kit_real_now() + 300000 + i * 130001;
    kit_forget_reports(l);
    kit_arm(l, deadline);
    KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "an armed deadline: expected a turn, got none");
    KIT_EXPECT(run, l->seen >= deadline, "deadline by CLOCK_MONOTONIC: expected no turn before, one came %lld ns early",
               (long long)(deadline - l->seen));
  }
}

/* A handler that takes its time, and then asks for a full delay: a clock read before it would make it short. */
static void block_then_arm(kit_loop* l, uint32_t reasons) {
  if (reasons & POE_TURN_DEADLINE && l->number) l->seen = kit_real_now();
  if (l->number) return;
  sleep_ms(15);
  l->number = kit_real_now() + 6 * KIT_MS;
  kit_arm(l, l->number);
}

static int has_seen(kit_loop* l) { return l->seen != 0; }

void kit_check_full_delay_after_a_block(kit* run) {
  kit_loop* l = owns_clock(run) ? NULL : kit_open(run);
  if (!l) return;
  l->on_turn = block_then_arm;
  kit_arm(l, kit_now(l) + KIT_MS);
  KIT_EXPECT(run, kit_drive(l, has_seen, KIT_SOON), "armed after a handler of 15 ms: expected a turn, got none");
  KIT_EXPECT(run, l->seen >= l->number, "armed after a handler of 15 ms: expected the full 6 ms, it was %lld ns short",
             (long long)(l->number - l->seen));
}

static int deadline_and_traffic(kit_loop* l) { return l->deadline_turns > 0 && l->readies >= 5; }

void kit_check_traffic_keeps_the_deadline(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  kit_arm(l, kit_now(l) + 4 * KIT_MS);
  /* A clock of its own may stand still while there is something to do: there the pipe is emptied first. */
  if (!kit_can(run, POE_CAP_OWN_CLOCK))
    KIT_EXPECT(run, kit_drive(l, deadline_and_traffic, KIT_SOON),
               "a deadline among %d reports: expected its turn among theirs, got none", l->readies);
  kit_take(l, l->pair[0]);
  KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "a deadline after %d reports: expected a turn, got none",
             l->readies);
  kit_idle(l, KIT_IDLE, NULL);
  KIT_EQUAL(run, "turns for one deadline among reports", 1, l->deadline_turns);
}

static void wake_keeps_it(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  const int64_t deadline = kit_now(l) + 5 * KIT_MS;
  kit_arm(l, deadline);
  kit_wake(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "wake() before a deadline: expected a WOKEN turn, got none");
  KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "a deadline after a wake: expected its turn, got none");
  KIT_EQUAL(run, "turns for one deadline", 1, l->deadline_turns);
  KIT_EXPECT(run, l->turn_time >= deadline, "a deadline after a wake: expected no turn before it, one came early");
}

static void last_of_thousand(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  const int64_t start = kit_now(l);
  for (int i = 0; i < 1000; ++i) kit_arm(l, start + (i % 2 ? 3600000 : 1 + i % 7) * KIT_MS);
  const int64_t last = kit_now(l) + 20 * KIT_MS;
  kit_arm(l, last);
  KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "the last of 1000 deadlines: expected a turn, got none");
  KIT_EXPECT(run, l->turn_time >= last, "1000 deadlines: expected no turn before the last one's time, one came early");
  KIT_EQUAL(run, "turns for 1000 deadlines, each replacing the former", 1, l->turns);
  KIT_EQUAL(run, "calls afterwards", 0, kit_idle(l, KIT_IDLE, NULL));
}

static int both_deadlines(kit_loop* l) {
  return kit_has_deadline(l->run->loops[0]) && kit_has_deadline(l->run->loops[1]);
}

static void each_its_own(kit* run) {
  kit_loop* a = kit_open(run);
  kit_loop* b = kit_open(run);
  if (!a || !b) return;
  const int64_t early = kit_now(a) + 2 * KIT_MS, late = kit_now(b) + 12 * KIT_MS;
  kit_arm(a, early);
  kit_arm(b, late);
  for (int i = 0; i < 100 && !both_deadlines(a); ++i) {
    kit_drive(a, kit_has_deadline, 5 * KIT_MS);
    kit_drive(b, kit_has_deadline, 5 * KIT_MS);
  }
  KIT_EXPECT(run, both_deadlines(a), "two loops, two deadlines: expected a turn in each, got %d and %d",
             a->deadline_turns, b->deadline_turns);
  KIT_EXPECT(run, a->turn_time >= early && b->turn_time >= late, "two loops, two deadlines: expected neither early");
}

static const poe_kit_check kChecks[] = {
    {"time.now_is_clock_monotonic", "time", "without OWN_CLOCK now() is CLOCK_MONOTONIC", KIT_OP(now), 0,
     is_clock_monotonic},
    {"time.never_early_by_the_real_clock", "time", "a deadline's turn begins at or after it, by CLOCK_MONOTONIC",
     KIT_OP(arm), 0, never_early_really},
    {"time.full_delay_after_a_slow_handler", "time", "a deadline armed in a long turn is not short by its length",
     KIT_OP(arm), 0, kit_check_full_delay_after_a_block},
    {"time.traffic_keeps_the_deadline", "time", "reports neither spend nor lose the deadline", KIT_OP(arm), 0,
     kit_check_traffic_keeps_the_deadline},
    {"time.wake_keeps_the_deadline", "time", "a wake neither spends nor hastens the deadline", KIT_OP(arm), 0,
     wake_keeps_it},
    {"time.last_of_a_thousand_counts", "time", "arm() replaces the former deadline, a thousand times", KIT_OP(arm), 0,
     last_of_thousand},
    {"time.each_loop_its_own", "time", "two loops have two deadlines", KIT_OP(arm), 0, each_its_own},
};

KIT_LIST(kit_clock_checks, kChecks)
