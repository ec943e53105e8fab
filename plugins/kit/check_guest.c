/* SPDX-License-Identifier: MIT
 *
 * Group guest: inside a foreign loop that runs in its own way; left as it was found. */
#include <errno.h>
#include <unistd.h>

#include "kit.h"

static void refuse_foreign(kit* run) {
  kit_loop* l = kit_slot(run);
  if (!l) return;
  int nothing = 0;
  poe_create how;
  kit_how(l, &how);
  how.foreign = &nothing;
  const int result = kit_create(l, &how, &l->loop);
  KIT_EXPECT(run, result == -ENOTSUP || result == POE_EUNSUPPORTED,
             "create() with a host loop, without FOREIGN: expected %d, got %d", -ENOTSUP, result);
  kit_skip(run, "FOREIGN is clear: a host loop is refused");
}

int kit_guest(kit* run) {
  const poe_kit_foreign* foreign = run->target->foreign;
  if (!kit_can(run, POE_CAP_FOREIGN)) {
    refuse_foreign(run);
    return 0;
  }
  run->host = foreign ? foreign->make() : NULL;
  if (!foreign) kit_fail(run, "this loop declares FOREIGN, but the target has no poe_kit_foreign to check it with");
  if (foreign && !run->host) kit_fail(run, "%s: expected a host loop, none could be made", foreign->name);
  return run->host != NULL;
}

/* The same promises as for an own loop, driven by the host. */
KIT_AS_GUEST(reads, kit_check_reads)
KIT_AS_GUEST(level, kit_check_level)
KIT_AS_GUEST(forgotten, kit_check_forgotten)
KIT_AS_GUEST(forgotten_in_ready, kit_check_forget_in_ready)
KIT_AS_GUEST(never_early, kit_check_never_early)
KIT_AS_GUEST(now_repeats, kit_check_now_repeats)
KIT_AS_GUEST(thread_wakes, kit_check_thread_wakes)
KIT_AS_GUEST(wake_in_turn, kit_check_wake_in_turn)
KIT_AS_GUEST(step_in_turn, kit_check_step_in_turn)
KIT_AS_GUEST(close_in_turn, kit_check_close_in_turn)
KIT_AS_GUEST(close_silences, kit_check_close_silences)
KIT_AS_GUEST(idles, kit_check_idle)
KIT_AS_GUEST(churns, kit_check_churn)
KIT_AS_GUEST(forks, kit_check_fork)

static void host_goes_on(kit* run) {
  kit_work work = {0};
  if (!kit_guest(run) || !kit_work_start(run, &work)) return;
  kit_loop* l = kit_open(run);
  if (l && kit_pipe(l, l->pair) == 0) {
    kit_watch(l, l->pair[0], POE_READ, 1);
    kit_work_served(run, l, &work, "with a guest");
    kit_close(l);
    kit_drive(l, kit_has_closed, KIT_SOON);
    kit_work_served(run, l, &work, "after the guest left");
  }
  kit_work_end(run, &work);
}

static void rearm(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  kit_arm(l, POE_NOW_NS);
}

static void host_is_not_starved(kit* run) {
  kit_work work = {0};
  if (!kit_guest(run) || !kit_work_start(run, &work)) return;
  kit_loop* l = kit_open(run);
  if (l) {
    l->on_turn = rearm;
    kit_arm(l, POE_NOW_NS);
    kit_work_served(run, l, &work, "NOW armed in each turn");
    if (run->result == POE_KIT_PASS && l->turns < 2)
      kit_fail(run, "arm(NOW) in a guest: expected turns, got %d", l->turns);
    l->on_turn = NULL;
  }
  kit_work_end(run, &work);
}

/* One stay: everything used once, then gone. */
static int one_stay(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return 0;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_arm(l, kit_now(l) + 1000 * KIT_MS);
  kit_wake(l);
  if (!kit_drive(l, kit_has_woken, KIT_SOON)) kit_fail(run, "a guest: expected a WOKEN turn, got none");
  kit_watch(l, l->pair[0], 0, 0);
  kit_close_fd(l, l->pair[0]);
  kit_close_fd(l, l->pair[1]);
  kit_close(l);
  if (!kit_drive(l, kit_has_closed, KIT_SOON)) kit_fail(run, "close() of a guest: expected the host to bring closed()");
  return run->result == POE_KIT_PASS;
}

/* `stays` guests one after the other on one host; each in a check of its own that borrows the host. */
static void stay(kit* run, int stays) {
  for (int i = 0; i < stays; ++i) {
    kit inner;
    kit_begin(&inner, run->target);
    inner.contract = run->contract;
    inner.doing = run->doing;
    inner.host = run->host;
    one_stay(&inner);
    inner.host = NULL;
    if (inner.result == POE_KIT_PASS) kit_end(&inner);
    if (inner.result == POE_KIT_PASS) continue;
    kit_breach(run, inner.contract, "stay %d: %s", i + 1, inner.text);
    return;
  }
}

static void left_as_found(kit* run) {
  if (!kit_guest(run)) return;
  const poe_kit_foreign* foreign = run->target->foreign;
  stay(run, 1); /* what the library keeps for good is made now */
  const int64_t sources = foreign->count(run->host);
  const int descriptors = kit_open_descriptors();
  stay(run, 100);
  KIT_EQUAL(run, "the host's handles after 100 guests", sources, foreign->count(run->host));
  KIT_EQUAL(run, "open descriptors after 100 guests", descriptors, kit_open_descriptors());
}

static void first_leaves_nothing(kit* run) {
  if (!kit_guest(run)) return;
  const int64_t before = run->target->foreign->count(run->host);
  stay(run, 1);
  KIT_EQUAL(run, "the host's handles before and after a guest", before, run->target->foreign->count(run->host));
}

static int both_ready(kit_loop* l) { return kit_has_ready(l->run->loops[0]) && kit_has_ready(l->run->loops[1]); }

static void two_guests(kit* run) {
  if (!kit_guest(run)) return;
  kit_loop* a = kit_open(run);
  kit_loop* b = kit_open(run);
  if (!a || !b || kit_pipe(a, a->pair) || kit_pipe(b, b->pair)) return;
  kit_watch(a, a->pair[0], POE_READ, 0xA);
  kit_watch(b, b->pair[0], POE_READ, 0xB);
  kit_put(a, a->pair[1]);
  kit_put(b, b->pair[1]);
  b->done = both_ready;
  KIT_EXPECT(run, kit_drive(a, both_ready, KIT_SOON), "two guests of one host: expected both served");
  KIT_EXPECT(run, !kit_reported(a, 0xB) && !kit_reported(b, 0xA),
             "two guests: expected each its own reports, one got the other's");
}

static void run_is_refused(kit* run) {
  if (!kit_guest(run)) return;
  kit_loop* l = kit_open(run);
  if (!l) return;
  kit_wake(l);
  KIT_EQUAL(run, "run() of a guest", -ENOTSUP, kit_run(l));
  KIT_EQUAL(run, "calls from a refused run()", 0, l->calls);
}

/* Whether the host's run returns by itself while a guest watches and waits. */
static int ends_by_itself(kit* run, kit_loop* l) {
  ++run->driving;
  const int result = run->target->foreign->run_dry(run->host, 20 * KIT_MS);
  --run->driving;
  (void)l;
  return result;
}

static void holds_as_declared(kit* run) {
  if (!kit_guest(run)) return;
  const int unref = kit_can(run, POE_CAP_UNREF);
  const int dries = run->target->foreign->run_dry != NULL;
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_arm(l, kit_now(l) + 3600000 * KIT_MS);
  if (dries) KIT_EQUAL(run, "the host's run ends by itself beside an idle guest", unref, ends_by_itself(run, l));
  const int on = kit_hold(l, 1);
  KIT_EXPECT(run, on == 0 || (on == -ENOTSUP && !(dries && unref)), "hold(1): expected 0, got %d", on);
  if (dries) KIT_EQUAL(run, "with hold(1) the host's run ends by itself", 0, ends_by_itself(run, l));
  const int off = kit_hold(l, 0);
  if (!unref) KIT_EXPECT(run, off == -ENOTSUP, "hold(0) without UNREF: expected %d, got %d", -ENOTSUP, off);
  if (!unref) return;
  KIT_EXPECT(run, off == 0 || !dries, "hold(0) with UNREF: expected 0, got %d", off);
  if (dries) KIT_EQUAL(run, "with hold(0) the host's run ends by itself", 1, ends_by_itself(run, l));
}

#define GUEST(name, rule, contract, body) \
  { "guest." name, "guest", rule, contract, 1, body }

static const poe_kit_check kChecks[] = {
    GUEST("readable_is_reported", "the host's run delivers descriptors", KIT_HOST(ready), reads),
    GUEST("level_triggered", "what is still readable is reported again; drained, it is not", KIT_OP(watch), level),
    GUEST("forgotten_fd_never_fires", "after interest 0 no report follows", KIT_OP(watch), forgotten),
    GUEST("forgotten_inside_ready", "no report follows a forget in the batch", KIT_OP(watch), forgotten_in_ready),
    GUEST("never_early", "the host's run delivers deadlines, never early, once", KIT_OP(arm), never_early),
    GUEST("now_gives_a_turn_each_time", "the host's run delivers NOW, again and again", KIT_OP(arm), now_repeats),
    GUEST("woken_by_a_thread", "wake() from any thread reaches the host's run", KIT_OP(wake), thread_wakes),
    GUEST("woken_inside_turn", "a wake inside turn() gives another turn", KIT_OP(wake), wake_in_turn),
    GUEST("step_inside_turn_as_declared", "step() in turn() works with NESTED_STEP, else -EDEADLK",
          KIT_CAP(NESTED_STEP), step_in_turn),
    GUEST("close_inside_turn", "close() is legal in turn(); the host brings closed()", KIT_OP(close), close_in_turn),
    GUEST("close_silences_everything", "no delivery follows close() but closed()", KIT_OP(close), close_silences),
    GUEST("five_hundred_times_anew", "watching and forgetting over and over leaves no trace", KIT_OP(watch), churns),
    GUEST("abandoning_child_leaves_the_parent", "abandon() in a child leaves the parent's loop and its host working",
          KIT_OP(abandon), forks),
    GUEST("idle_makes_no_call", "a guest with nothing to do makes no calls", KIT_OP(watch), idles),
    GUEST("host_goes_on", "the host's own timer and descriptor are served, with us and after us", KIT_CREATE(foreign),
          host_goes_on),
    GUEST("now_does_not_starve_the_host", "NOW in each turn lets the host's own work through", KIT_OP(arm),
          host_is_not_starved),
    GUEST("first_stay_leaves_nothing", "the host's handles are as before", KIT_CREATE(foreign), first_leaves_nothing),
    GUEST("hundred_stays_leave_nothing", "handles and descriptors are as before, 100 times over", KIT_CREATE(foreign),
          left_as_found),
    GUEST("two_guests_on_one_host", "a host takes several guests, each with its own reports", KIT_CREATE(foreign),
          two_guests),
    GUEST("run_is_refused", "run() of a guest is -ENOTSUP: the host runs it", KIT_OP(run), run_is_refused),
    GUEST("hold_as_declared", "our work keeps the host's run alive only when held, with UNREF", KIT_OP(hold),
          holds_as_declared),
};

KIT_LIST(kit_guest_checks, kChecks)
