/* SPDX-License-Identifier: MIT
 *
 * Group embed: an outer loop waits for what pollable() says and calls step(0); nothing may need more than that. */
#include <poll.h>
#include <string.h>

#include "kit.h"

static int no_pollable(kit* run) {
  if (kit_can(run, POE_CAP_POLLABLE)) return 0;
  if (kit_covers(run, offsetof(poe_loop_ops, pollable) + sizeof run->ops->pollable) && run->ops->pollable)
    kit_fail(run, "without POLLABLE: expected pollable() NULL, got one");
  kit_skip(run, "POLLABLE is clear: pollable() is NULL, an outer loop cannot drive this one");
  return 1;
}

/* Whether an outer poll(2) would see it. A loop's own world has numbers that poll(2) does not know. */
static int polled(const kit_loop* l, const poe_pollable* p, int wait_ms) {
  struct pollfd fd = {(int)p->handle,
                      (short)((p->events & POE_READ ? POLLIN : 0) | (p->events & POE_WRITE ? POLLOUT : 0)), 0};
  return l->own_world ? -1 : poll(&fd, 1, wait_ms);
}

static void outer_poll(kit* run) {
  if (no_pollable(run)) return;
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  poe_pollable p;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_idle(l, KIT_MS, NULL);
  KIT_EQUAL(run, "pollable()", 0, kit_pollable(l, &p));
  KIT_EXPECT(run, p.events != 0 && p.handle >= 0, "pollable(): expected a descriptor and events, got %d and 0x%x",
             (int)p.handle, p.events);
  KIT_EXPECT(run, l->own_world || polled(l, &p, 0) == 0, "nothing to do: expected the descriptor quiet");
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, l->own_world || polled(l, &p, 1000) == 1, "a readable pipe: expected the descriptor to tell");
  KIT_EXPECT(run, kit_step(l, 0) >= 2, "step(0) after the descriptor told: expected ready() and turn()");
  KIT_EQUAL(run, "reports", 1, kit_reported(l, 1));
  kit_take(l, l->pair[0]);
  kit_idle(l, KIT_MS, NULL);
  kit_wake(l);
  KIT_EQUAL(run, "pollable()", 0, kit_pollable(l, &p));
  KIT_EXPECT(run, l->own_world || p.deadline_ns <= kit_now(l) || polled(l, &p, 1000) == 1,
             "after wake(): expected the descriptor to tell");
}

static void generations(kit* run) {
  if (no_pollable(run)) return;
  kit_loop* l = kit_open(run);
  if (!l) return;
  poe_pollable first, again, later, never;
  KIT_EQUAL(run, "pollable()", 0, kit_pollable(l, &first));
  KIT_EXPECT(run, first.deadline_ns == POE_NEVER_NS, "nothing armed: expected deadline NEVER");
  kit_pollable(l, &again);
  KIT_EXPECT(run, again.generation == first.generation, "asked twice: expected the same generation");
  const int64_t deadline = kit_now(l) + 1000 * KIT_MS;
  kit_arm(l, deadline);
  kit_pollable(l, &later);
  KIT_EXPECT(run, later.generation != first.generation, "after arm(): expected another generation");
  KIT_EXPECT(run, later.deadline_ns <= deadline + KIT_MS && later.deadline_ns > kit_now(l),
             "after arm(): expected deadline %lld, got %lld", (long long)deadline, (long long)later.deadline_ns);
  kit_arm(l, POE_NEVER_NS);
  kit_pollable(l, &never);
  KIT_EXPECT(run, never.deadline_ns == POE_NEVER_NS && never.generation != later.generation,
             "after arm(NEVER): expected deadline NEVER and another generation");
}

static void small_pollable(kit* run) {
  if (no_pollable(run)) return;
  kit_loop* l = kit_open(run);
  if (!l) return;
  poe_pollable p;
  memset(&p, 0x5A, sizeof p);
  p.struct_size = 4;
  const char* outer = run->op;
  run->op = "pollable";
  const int result = run->ops->pollable(l->loop, &p);
  run->op = outer;
  KIT_EQUAL(run, "pollable() with a struct below 1.0", POE_EABI, result);
  KIT_EXPECT(run, p.generation == UINT64_C(0x5A5A5A5A5A5A5A5A), "a refused pollable(): expected it untouched");
}

static kit_loop* embedded(kit* run) {
  if (no_pollable(run)) return NULL;
  kit_loop* l = kit_open(run);
  if (l && l->own_world) kit_skip(run, "a loop with a world of its own has no descriptor for poll(2)");
  return l && !l->own_world ? l : NULL;
}

/* What an outer loop does, and no more: ask, wait, step(0). Until done, for at most 2 s. */
static int drive_outside(kit_loop* l, kit_done* done) {
  const int64_t guard = kit_real_now() + KIT_SOON;
  while (!done(l) && kit_real_now() < guard) {
    poe_pollable p;
    if (kit_pollable(l, &p) != 0) return 0;
    const int64_t left = p.deadline_ns == POE_NEVER_NS ? 100 * KIT_MS : p.deadline_ns - kit_real_now();
    polled(l, &p, left <= 0 ? 0 : left > 100 * KIT_MS ? 100 : (int)((left + KIT_MS - 1) / KIT_MS));
    if (kit_step(l, 0) < 0) return 0;
  }
  return done(l);
}

static int saw_nine(kit_loop* l) { return kit_reported(l, 9) > 0 && !l->unturned; }

static void watch_other(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  kit_watch(l, l->pair[0], 0, 0);
  kit_watch(l, l->other[0], POE_READ, 9);
}

/* A watch that a handler made must be in the descriptor when the outer loop waits next. */
static void watched_in_turn(kit* run) {
  kit_loop* l = embedded(run);
  if (!l || kit_pipe(l, l->pair) || kit_pipe(l, l->other)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  l->on_turn = watch_other;
  drive_outside(l, kit_has_ready);
  l->on_turn = NULL;
  poe_pollable p;
  kit_pollable(l, &p);
  kit_put(l, l->other[1]);
  KIT_EXPECT(run, polled(l, &p, 1000) == 1, "a watch made in turn() is ready: expected the descriptor to tell");
  KIT_EXPECT(run, drive_outside(l, saw_nine), "a watch made in turn(): expected its report, got none");
}

static void forgotten_is_quiet(kit* run) {
  kit_loop* l = embedded(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, drive_outside(l, kit_has_ready), "a readable pipe: expected a report, got none");
  kit_watch(l, l->pair[0], 0, 0);
  kit_step(l, 0);
  poe_pollable p;
  kit_pollable(l, &p);
  KIT_EQUAL(run, "poll() of the descriptor after the only watch was forgotten", 0, polled(l, &p, 0));
}

static void stays_told(kit* run) {
  kit_loop* l = embedded(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  poe_pollable p;
  for (int i = 0; i < 5; ++i) {
    kit_pollable(l, &p);
    KIT_EXPECT(run, polled(l, &p, 1000) == 1, "nobody reads: expected the descriptor to tell time %d, it did not",
               i + 1);
    kit_step(l, 0);
  }
  KIT_EXPECT(run, l->readies >= 5, "nobody reads: expected 5 reports in 5 steps, got %d", l->readies);
}

static void deadline_is_told(kit* run) {
  kit_loop* l = embedded(run);
  if (!l) return;
  const int64_t deadline = kit_now(l) + 8 * KIT_MS;
  kit_arm(l, deadline);
  KIT_EXPECT(run, drive_outside(l, kit_has_deadline), "a deadline, driven from outside: expected a turn, got none");
  KIT_EXPECT(run, l->turn_time >= deadline, "a deadline, driven from outside: expected no turn before it");
  KIT_EXPECT(run, l->turn_time < deadline + 1000 * KIT_MS, "a deadline, driven from outside: expected it in time");
}

static void now_is_told(kit* run) {
  kit_loop* l = embedded(run);
  if (!l) return;
  poe_pollable p;
  kit_arm(l, POE_NOW_NS);
  kit_pollable(l, &p);
  KIT_EXPECT(run, p.deadline_ns <= kit_now(l) || polled(l, &p, 0) == 1,
             "arm(NOW): expected the outer loop to be told not to wait, it was told to");
  KIT_EXPECT(run, kit_step(l, 0) >= 1, "arm(NOW): expected a turn from step(0), got none");
}

static void spurious(kit* run) {
  kit_loop* l = embedded(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_arm(l, kit_now(l) + 3600000 * KIT_MS);
  for (int i = 0; i < 50; ++i) KIT_EQUAL(run, "step(0) without a cause", 0, kit_step(l, 0));
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, drive_outside(l, kit_has_ready), "after 50 steps without a cause: expected a report, got none");
}

static void* wake_soon(void* argument) {
  kit_loop* l = argument;
  poll(NULL, 0, 2);
  l->run->ops->wake(l->loop);
  return NULL;
}

static void woken_outside(kit* run) {
  kit_loop* l = embedded(run);
  if (!l) return;
  pthread_t thread;
  poe_pollable p;
  kit_pollable(l, &p);
  KIT_EQUAL(run, "pthread_create()", 0, pthread_create(&thread, NULL, wake_soon, l));
  const int told = polled(l, &p, 2000);
  pthread_join(thread, NULL);
  KIT_EQUAL(run, "poll() of the descriptor while a thread wakes", 1, told);
  KIT_EXPECT(run, drive_outside(l, kit_has_woken), "a wake from a thread: expected a WOKEN turn, got none");
  kit_pollable(l, &p);
  KIT_EQUAL(run, "poll() of the descriptor once the wake was taken", 0, polled(l, &p, 0));
}

static void ask_in_turn(kit_loop* l, uint32_t reasons) {
  poe_pollable p;
  (void)reasons;
  kit_arm(l, 5000000000000000000);
  l->number = kit_pollable(l, &p) == 0 && p.deadline_ns == 5000000000000000000;
}

static void asked_inside(kit* run) {
  if (no_pollable(run)) return;
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->on_turn = ask_in_turn;
  kit_wake(l);
  kit_drive(l, kit_has_woken, KIT_SOON);
  KIT_EQUAL(run, "pollable() in turn() tells the deadline armed there", 1, (int)l->number);
}

static void closes_outside(kit* run) {
  kit_loop* l = embedded(run);
  if (!l) return;
  kit_close(l);
  for (int i = 0; i < 100 && !l->closed; ++i) kit_step(l, 0);
  KIT_EQUAL(run, "closed() within 100 times step(0) after close()", 1, l->closed);
}

#define EMBED(name, rule, contract, body) \
  { "embed." name, "embed", rule, contract, 0, body }

static const poe_kit_check kChecks[] = {
    EMBED("tells_an_outer_loop", "an outer loop sees when to step(0)", KIT_OP(pollable), outer_poll),
    EMBED("generation_changes", "the generation changes with the deadline", KIT_HEADER("poe_pollable.generation"),
          generations),
    EMBED("small_struct_is_refused", "a pollable struct below 1.0: POE_EABI", KIT_HEADER("Growth"), small_pollable),
    EMBED("watched_inside_turn_is_told", "a watch made in a handler is in the descriptor at once", KIT_OP(pollable),
          watched_in_turn),
    EMBED("forgotten_is_quiet", "a forgotten watch no longer wakes the outer loop", KIT_OP(pollable),
          forgotten_is_quiet),
    EMBED("level_is_told_again", "what is still readable is told again", KIT_OP(pollable), stays_told),
    EMBED("deadline_is_told", "an outer loop that waits until deadline_ns brings the deadline's turn",
          KIT_HEADER("poe_pollable.deadline_ns"), deadline_is_told),
    EMBED("now_is_told", "POE_NOW_NS tells the outer loop not to wait", KIT_HEADER("poe_pollable.deadline_ns"),
          now_is_told),
    EMBED("spurious_steps_are_harmless", "step(0) without a cause makes no call", KIT_OP(step), spurious),
    EMBED("woken_from_a_thread", "wake() from any thread ends the outer loop's waiting", KIT_OP(wake), woken_outside),
    EMBED("asked_inside_turn", "pollable() is legal in turn() and tells what was armed there", KIT_OP(pollable),
          asked_inside),
    EMBED("closes_without_waiting", "after close() step(0) brings closed()", KIT_OP(close), closes_outside),
};

KIT_LIST(kit_embed_checks, kChecks)
