/* SPDX-License-Identifier: MIT
 *
 * Group guest, second half: the manners of a guest, towards its host and beside it; left as it was found. */
#include <errno.h>

#include "kit.h"

static void host_goes_on(kit* run) {
  kit_work work = {0};
  if (!kit_work_start(run, &work)) return;
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
  if (!kit_work_start(run, &work)) return;
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
  const poe_kit_foreign* foreign = run->target->foreign;
  stay(run, 1); /* what the library keeps for good is made now */
  const int64_t sources = foreign->count(run->host);
  const int descriptors = kit_open_descriptors();
  stay(run, 100);
  KIT_EQUAL(run, "the host's handles after 100 guests", sources, foreign->count(run->host));
  KIT_EQUAL(run, "open descriptors after 100 guests", descriptors, kit_open_descriptors());
}

static void first_leaves_nothing(kit* run) {
  const int64_t before = run->target->foreign->count(run->host);
  stay(run, 1);
  KIT_EQUAL(run, "the host's handles before and after a guest", before, run->target->foreign->count(run->host));
}

static int both_ready(kit_loop* l) { return kit_has_ready(l->run->loops[0]) && kit_has_ready(l->run->loops[1]); }

static void two_guests(kit* run) {
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

/* What the host's own callback does with a guest. */
typedef struct visit {
  kit* run;
  kit_loop* loop;
  int count;
} visit;

static void arrive(void* argument) {
  visit* v = argument;
  if (v->count++) return;
  v->loop = kit_open(v->run);
  if (v->loop) kit_wake(v->loop);
}

static void joins_inside(kit* run) {
  kit_loop* none = kit_slot(run); /* somebody to run the host for */
  visit v = {run, NULL, 0};
  if (!none) return;
  run->target->foreign->add_timer(run->host, KIT_MS, arrive, &v);
  for (int i = 0; i < 400 && !(v.loop && v.loop->woken_turns); ++i) kit_host_run(none, 5 * KIT_MS);
  run->target->foreign->clear(run->host);
  KIT_EXPECT(run, v.loop, "create() inside the host's own callback: expected a guest, got none");
  KIT_EXPECT(run, v.loop->woken_turns > 0,
             "a guest made inside the host's own callback: expected a WOKEN turn, got none");
}

static void depart(void* argument) {
  visit* v = argument;
  if (v->count++ == 0) kit_close(v->loop);
}

static void leaves_inside(kit* run) {
  kit_work work = {0};
  if (!kit_work_start(run, &work)) return;
  visit v = {run, kit_open(run), 0};
  if (v.loop) {
    run->target->foreign->add_timer(run->host, KIT_MS, depart, &v);
    if (kit_drive(v.loop, kit_has_closed, KIT_SOON))
      kit_work_served(run, v.loop, &work, "after a guest left inside the host's callback");
    else
      kit_fail(run, "close() inside the host's own callback: expected closed(), got none");
  }
  kit_work_end(run, &work); /* the host's timers point at what is on this stack */
}

static void stop_host(void* argument) {
  visit* v = argument;
  ++v->count;
  v->run->target->foreign->stop(v->run->host);
}

static void survives_stops(kit* run) {
  visit v = {run, kit_open(run), 0};
  if (!v.loop || kit_pipe(v.loop, v.loop->pair)) return;
  kit_watch(v.loop, v.loop->pair[0], POE_READ, 1);
  run->target->foreign->add_timer(run->host, KIT_MS, stop_host, &v);
  for (int i = 0; i < 200 && v.count < 20; ++i) kit_host_run(v.loop, 100 * KIT_MS);
  run->target->foreign->clear(run->host);
  KIT_EXPECT(run, v.count >= 20, "a host that stops itself: expected 20 runs, got %d", v.count);
  KIT_EQUAL(run, "calls while the host ran and stopped", 0, v.loop->calls);
  kit_put(v.loop, v.loop->pair[1]);
  KIT_EXPECT(run, kit_drive(v.loop, kit_has_ready, KIT_SOON), "after 20 runs of the host: expected a report, got none");
}

/* Nobody reads: the guest's descriptor is always ready. */
static void flood(kit* run) {
  kit_work work = {0};
  if (!kit_work_start(run, &work)) return;
  kit_loop* l = kit_open(run);
  if (l && kit_pipe(l, l->pair) == 0) {
    kit_watch(l, l->pair[0], POE_READ, 1);
    kit_put(l, l->pair[1]);
    kit_work_served(run, l, &work, "beside a guest's descriptor that is always ready");
    if (run->result == POE_KIT_PASS && !l->readies)
      kit_fail(run, "a readable pipe in a guest: expected reports, got none");
  }
  kit_work_end(run, &work);
}

static void stop_guest(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  l->number = kit_stop(l);
}

/* stop() is about run(), which a guest does not have: the host's run is the host's. */
static void stop_is_no_business(kit* run) {
  kit_work work = {0};
  if (!kit_work_start(run, &work)) return;
  kit_loop* l = kit_open(run);
  if (l) {
    l->on_turn = stop_guest;
    kit_wake(l);
    const int64_t start = kit_real_now();
    kit_host_run(l, 60 * KIT_MS);
    const int64_t took = kit_real_now() - start;
    if (took < 50 * KIT_MS)
      kit_fail(run, "stop() of a guest in a host's run of 60 ms: expected the run to go on, it ended after %lld ns",
               (long long)took);
    if (!l->woken_turns) kit_fail(run, "a guest that was woken: expected a WOKEN turn, got none");
  }
  kit_work_end(run, &work);
}

static void own_beside(kit* run) {
  kit_loop* guest = kit_open(run);
  if (!guest) return;
  void* host = run->host;
  run->host = NULL;
  kit_loop* own = kit_open(run);
  if (own && kit_pipe(own, own->pair) == 0) {
    kit_watch(own, own->pair[0], POE_READ, 7);
    kit_put(own, own->pair[1]);
    if (!kit_drive(own, kit_has_ready, KIT_SOON))
      kit_fail(run, "an own loop on the thread of a guest: expected a report, got none");
    kit_watch(own, own->pair[0], 0, 0);
    kit_close(own);
    kit_drive(own, kit_has_closed, KIT_SOON);
  }
  run->host = host;
  kit_forget_reports(guest);
  kit_wake(guest);
  KIT_EXPECT(run, kit_drive(guest, kit_has_woken, KIT_SOON),
             "a guest beside an own loop: expected a WOKEN turn, got none");
}

static const poe_kit_check kChecks[] = {
    KIT_GUEST("host_goes_on", "the host's own timer and descriptor are served, with us and after us",
              KIT_CREATE(foreign), host_goes_on),
    KIT_GUEST("now_does_not_starve_the_host", "NOW in each turn lets the host's own work through", KIT_OP(arm),
              host_is_not_starved),
    KIT_GUEST("first_stay_leaves_nothing", "the host's handles are as before", KIT_CREATE(foreign),
              first_leaves_nothing),
    KIT_GUEST("hundred_stays_leave_nothing", "handles and descriptors are as before, 100 times over",
              KIT_CREATE(foreign), left_as_found),
    KIT_GUEST("two_guests_on_one_host", "a host takes several guests, each with its own reports", KIT_CREATE(foreign),
              two_guests),
    KIT_GUEST("run_is_refused", "run() of a guest is -ENOTSUP: the host runs it", KIT_OP(run), run_is_refused),
    KIT_GUEST("hold_as_declared", "our work keeps the host's run alive only when held, with UNREF", KIT_OP(hold),
              holds_as_declared),
    KIT_GUEST("joins_inside_a_host_callback", "a host that is running takes a guest", KIT_CREATE(foreign),
              joins_inside),
    KIT_GUEST("leaves_inside_a_host_callback", "a guest may leave from the host's own callback", KIT_OP(close),
              leaves_inside),
    KIT_GUEST("survives_a_host_that_stops", "a host may stop and run again, with us in it", KIT_CREATE(foreign),
              survives_stops),
    KIT_GUEST("flood_lets_the_host_through", "a descriptor of ours that is always ready lets the host's work through",
              KIT_CREATE(foreign), flood),
    KIT_GUEST("stop_is_not_the_hosts", "stop() of a guest never ends the host's run", KIT_OP(stop),
              stop_is_no_business),
    KIT_GUEST("own_loop_beside_a_guest", "a thread may have a guest and an own loop", KIT_OP(create), own_beside),
};

KIT_LIST(kit_host_checks, kChecks)
