/* SPDX-License-Identifier: MIT
 *
 * Group guest, second half: more promises of an own loop kept inside a host, and the manners of a guest. */
#include "kit.h"

KIT_AS_GUEST(writes, kit_check_writes)
KIT_AS_GUEST(both_directions, kit_check_both_directions)
KIT_AS_GUEST(interest_is_replaced, kit_check_interest_is_replaced)
KIT_AS_GUEST(renewed_in_ready, kit_check_renewed_in_ready)
KIT_AS_GUEST(batches, kit_check_batches)
KIT_AS_GUEST(end_of_file, kit_check_end_of_file)
KIT_AS_GUEST(hung_up_and_forgotten, kit_check_hung_up_and_forgotten)
KIT_AS_GUEST(reader_gone, kit_check_reader_gone)
KIT_AS_GUEST(refused_connect, kit_check_refused_connect)
KIT_AS_GUEST(reset_by_peer, kit_check_reset_by_peer)
KIT_AS_GUEST(closed_before_forgotten, kit_check_closed_before_forgotten)
KIT_AS_GUEST(dup2_over, kit_check_dup2)
KIT_AS_GUEST(bad_descriptor, kit_check_bad_descriptor)
KIT_AS_GUEST(regular_file, kit_check_regular_file)
KIT_AS_GUEST(priority, kit_check_priority)
KIT_AS_GUEST(full_pipe, kit_check_full_pipe)
KIT_AS_GUEST(one_byte, kit_check_one_byte_a_report)
KIT_AS_GUEST(never_disarms, kit_check_never_disarms)
KIT_AS_GUEST(replaced_by_later, kit_check_replaced_by_later)
KIT_AS_GUEST(replaced_by_earlier, kit_check_replaced_by_earlier)
KIT_AS_GUEST(past_is_now, kit_check_past_is_now)
KIT_AS_GUEST(full_delay, kit_check_full_delay_after_a_block)
KIT_AS_GUEST(coalesces, kit_check_coalesces)
KIT_AS_GUEST(signal_wakes, kit_check_signal_wakes)
KIT_AS_GUEST(storm_of_threads, kit_check_storm)
KIT_AS_GUEST(closes_in_ready, kit_check_closes_in_ready)

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
  if (!kit_guest(run)) return;
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
  if (!kit_guest(run) || !kit_work_start(run, &work)) return;
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
  if (!kit_guest(run)) return;
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
  if (!kit_guest(run) || !kit_work_start(run, &work)) return;
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
  if (!kit_guest(run) || !kit_work_start(run, &work)) return;
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
  if (!kit_guest(run)) return;
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

KIT_AS_GUEST(idle_costs, kit_check_idle_costs_nothing)

#define GUEST(name, rule, contract, body) \
  { "guest." name, "guest", rule, contract, 1, body }

static const poe_kit_check kChecks[] = {
    GUEST("writable_is_reported", "WRITE is reported", KIT_HOST(ready), writes),
    GUEST("both_directions_on_one", "READ and WRITE are told apart and together", KIT_HOST(ready), both_directions),
    GUEST("interest_is_replaced", "a second watch() replaces the interest", KIT_OP(watch), interest_is_replaced),
    GUEST("renewed_inside_ready", "forgotten and watched anew in a batch: only the new token", KIT_OP(watch),
          renewed_in_ready),
    GUEST("one_report_and_one_turn_a_batch", "one ready() a descriptor and batch, one turn() ends it", KIT_HOST(turn),
          batches),
    GUEST("end_of_file_is_readable", "the writer's end is READ, plus HANGUP with HANGUP_BIT", KIT_OP(watch),
          end_of_file),
    GUEST("hung_up_and_forgotten_is_silent", "interest 0 removes: a hang-up wakes nobody", KIT_OP(watch),
          hung_up_and_forgotten),
    GUEST("reader_gone_is_writable", "the reader's end is WRITE, again and again", KIT_OP(watch), reader_gone),
    GUEST("refused_connect_is_reported", "a failed connect is reported to who waits for WRITE", KIT_OP(watch),
          refused_connect),
    GUEST("reset_keeps_the_watch", "a reset is reported in every asked direction", KIT_OP(watch), reset_by_peer),
    GUEST("closed_before_forgotten", "forgetting a closed descriptor returns 0 and drops it", KIT_OP(watch),
          closed_before_forgotten),
    GUEST("dup2_over_a_watch", "dup2 over a watched number is forget, then watch again", KIT_OP(watch), dup2_over),
    GUEST("bad_number_is_refused", "not a descriptor: -EBADF", KIT_OP(watch), bad_descriptor),
    GUEST("regular_file_as_declared", "a regular file is -EPERM, or ready with REGULAR_FILES", KIT_CAP(REGULAR_FILES),
          regular_file),
    GUEST("priority_as_declared", "PRIORITY is told apart, or refused without the capability", KIT_CAP(PRIORITY),
          priority),
    GUEST("full_pipe_is_not_writable", "WRITE is reported only where something can be written", KIT_OP(watch),
          full_pipe),
    GUEST("one_byte_a_report", "level: ten bytes, read one at a time, are ten reports", KIT_OP(watch), one_byte),
    GUEST("never_disarms", "POE_NEVER_NS takes the deadline away, past ones and NOW too", KIT_OP(arm), never_disarms),
    GUEST("replaced_by_a_later_one", "arm() replaces the former deadline", KIT_OP(arm), replaced_by_later),
    GUEST("replaced_by_an_earlier_one", "arm() replaces the former deadline", KIT_OP(arm), replaced_by_earlier),
    GUEST("past_means_a_fresh_turn", "a deadline in the past gives a turn, never from inside arm()", KIT_OP(arm),
          past_is_now),
    GUEST("full_delay_after_a_slow_handler", "a deadline armed in a long turn is not short by its length", KIT_OP(arm),
          full_delay),
    GUEST("thousand_wakes_coalesce", "wakes coalesce: at least one turn, and an end of it", KIT_OP(wake), coalesces),
    GUEST("woken_by_a_signal_handler", "wake() is signal-safe, before and during the host's run", KIT_OP(wake),
          signal_wakes),
    GUEST("storm_of_eight_threads", "no wake is lost on its way into the host", KIT_OP(wake), storm_of_threads),
    GUEST("close_inside_ready", "close() in ready() drops what was collected", KIT_OP(close), closes_in_ready),
    GUEST("joins_inside_a_host_callback", "a host that is running takes a guest", KIT_CREATE(foreign), joins_inside),
    GUEST("leaves_inside_a_host_callback", "a guest may leave from the host's own callback", KIT_OP(close),
          leaves_inside),
    GUEST("survives_a_host_that_stops", "a host may stop and run again, with us in it", KIT_CREATE(foreign),
          survives_stops),
    GUEST("flood_lets_the_host_through", "a descriptor of ours that is always ready lets the host's work through",
          KIT_CREATE(foreign), flood),
    GUEST("stop_is_not_the_hosts", "stop() of a guest never ends the host's run", KIT_OP(stop), stop_is_no_business),
    GUEST("own_loop_beside_a_guest", "a thread may have a guest and an own loop", KIT_OP(create), own_beside),
    GUEST("idle_costs_nothing", "a guest with nothing to do costs the host no time", KIT_MANNERS(6), idle_costs),
};

KIT_LIST(kit_host_checks, kChecks)
