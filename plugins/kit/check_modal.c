/* SPDX-License-Identifier: MIT
 *
 * Group nesting, second half: inner runs of a host, as dialogs and menus make them. */
#include <time.h>

#include "kit.h"

/* 1: the host has inner runs. */
static int has_modal(kit* run) {
  if (run->target->foreign->run_inner) return 1;
  if (kit_can(run, POE_CAP_NESTED_REPORT))
    kit_fail(run, "NESTED_REPORT: expected a host that has inner runs, got none");
  kit_skip(run, "NESTED_REPORT is clear, and this kind of host has no inner runs");
  return 0;
}

/* A dialog: opened once, from the host's own timer. */
typedef struct dialog {
  kit_loop* loop;
  int64_t length;              /* at most */
  kit_done* until;             /* closes it sooner; or NULL */
  void (*before)(kit_loop* l); /* as it opens */
  int opened, closed;
} dialog;

static void open_dialog(void* argument) {
  dialog* d = argument;
  if (d->opened++) return;
  kit_forget_reports(d->loop);
  if (d->before) d->before(d->loop);
  kit_done* outer = d->loop->done;
  d->loop->done = d->until;
  kit_host_inner(d->loop, d->length);
  d->loop->done = outer;
  ++d->closed;
}

/* Runs the host until the dialog was opened and closed again. */
static int show(kit* run, dialog* d) {
  run->target->foreign->add_timer(run->host, KIT_MS, open_dialog, d);
  for (int i = 0; i < 400 && !d->closed; ++i) kit_host_run(d->loop, 10 * KIT_MS);
  run->target->foreign->clear(run->host);
  if (!d->closed) kit_fail(run, "the host's own timer: expected it to open a dialog, it did not within 4 s");
  return d->closed > 0;
}

static void wake_it(kit_loop* l) { kit_wake(l); }

static void delivers(kit* run) {
  kit_loop* l = has_modal(run) ? kit_open(run) : NULL;
  if (!l) return;
  dialog d = {l, KIT_SOON, kit_has_woken, wake_it, 0, 0};
  if (!show(run, &d)) return;
  KIT_EXPECT(run, l->woken_turns > 0, "a wake during an inner run of the host: expected a WOKEN turn in it, got none");
  if (kit_can(run, POE_CAP_NESTED_REPORT))
    KIT_EXPECT(run, l->nested_turns > 0, "NESTED_REPORT: expected POE_TURN_NESTED in an inner run, got none");
}

static void tick(kit_loop* l, uint32_t reasons) {
  if (reasons & POE_TURN_DEADLINE) kit_arm(l, kit_now(l) + 5 * KIT_MS);
}

static int ten_deadlines(kit_loop* l) { return l->deadline_turns >= 10; }

static void arm_soon(kit_loop* l) { kit_arm(l, kit_now(l) + 5 * KIT_MS); }

static void keeps_time(kit* run) {
  kit_loop* l = has_modal(run) ? kit_open(run) : NULL;
  if (!l) return;
  dialog d = {l, KIT_SOON, ten_deadlines, arm_soon, 0, 0};
  l->on_turn = tick;
  if (!show(run, &d)) return;
  KIT_EXPECT(run, ten_deadlines(l), "a deadline every 5 ms in an inner run of 2 s: expected 10 or more, got %d",
             l->deadline_turns);
}

/* One byte goes round: taken, and put back. */
static void pass_on(kit_loop* l, uint64_t token, uint32_t events) {
  (void)token;
  (void)events;
  kit_take(l, l->pair[0]);
  if (l->number++ < 20) kit_put(l, l->pair[1]);
}

static int twenty_reports(kit_loop* l) { return l->readies >= 20 && !l->unturned; }

static void put_it(kit_loop* l) { kit_put(l, l->pair[1]); }

static void keeps_reading(kit* run) {
  kit_loop* l = has_modal(run) ? kit_open(run) : NULL;
  if (!l || kit_pipe(l, l->pair)) return;
  dialog d = {l, KIT_SOON, twenty_reports, put_it, 0, 0};
  kit_watch(l, l->pair[0], POE_READ, 1);
  l->on_ready = pass_on;
  if (!show(run, &d)) return;
  KIT_EXPECT(run, twenty_reports(l), "a byte going round in an inner run of 2 s: expected 20 reports, got %d",
             l->readies);
}

static void rearm_now(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->turns < 20) kit_arm(l, POE_NOW_NS);
}

static int twenty_turns(kit_loop* l) { return l->turns >= 20; }

static void arm_now(kit_loop* l) { kit_arm(l, POE_NOW_NS); }

static void keeps_now(kit* run) {
  kit_loop* l = has_modal(run) ? kit_open(run) : NULL;
  if (!l) return;
  dialog d = {l, KIT_SOON, twenty_turns, arm_now, 0, 0};
  l->on_turn = rearm_now;
  if (!show(run, &d)) return;
  KIT_EXPECT(run, twenty_turns(l), "NOW in each turn of an inner run of 2 s: expected 20 turns, got %d", l->turns);
}

/* A thread that wakes the loop of an open dialog. */
typedef struct sleeper {
  pthread_t thread;
  int result; /* of pthread_create() */
} sleeper;

static void* wake_later(void* argument) {
  const struct timespec pause = {0, 2000000}; /* the inner run is likely waiting by then; it need not */
  kit_loop* l = argument;
  nanosleep(&pause, NULL);
  l->run->ops->wake(l->loop);
  return NULL;
}

/* Only once the dialog opens: a wake that comes earlier, while the machine is busy, belongs to the outer run. */
static void start_sleeper(kit_loop* l) {
  sleeper* s = (sleeper*)(intptr_t)l->number;
  s->result = pthread_create(&s->thread, NULL, wake_later, l);
}

static void thread_wakes(kit* run) {
  kit_loop* l = has_modal(run) ? kit_open(run) : NULL;
  if (!l) return;
  sleeper s = {.result = -1};
  l->number = (intptr_t)&s;
  dialog d = {l, KIT_SOON, kit_has_woken, start_sleeper, 0, 0};
  const int shown = show(run, &d);
  if (s.result == 0) pthread_join(s.thread, NULL);
  if (!shown) return;
  KIT_EQUAL(run, "pthread_create()", 0, s.result);
  KIT_EXPECT(run, l->woken_turns > 0, "wake() from a thread during an inner run: expected a WOKEN turn, got none");
}

/* A dialog out of a handler of ours: the bridge is in the middle of a delivery. */
static void open_in_turn(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->run->depth > l->seen) l->seen = l->run->depth;
  if (l->number++ >= 3) return;
  const int before = l->turns;
  kit_wake(l);
  kit_host_inner(l, 40 * KIT_MS);
  if (l->turns == before) l->error_code = 1; /* this level's wake did not come */
}

static void opened_in_turns(kit* run) {
  kit_loop* l = has_modal(run) ? kit_open(run) : NULL;
  if (!l || kit_pipe(l, l->pair)) return;
  l->on_turn = open_in_turn;
  kit_wake(l);
  for (int i = 0; i < 200 && l->number < 4; ++i) kit_host_run(l, 10 * KIT_MS);
  KIT_EXPECT(run, l->error_code == 0, "a dialog opened in turn(): expected a turn inside it, got none");
  KIT_EXPECT(run, l->seen >= 4, "dialogs out of turns inside dialogs: expected 4 deep, got %d", (int)l->seen);
  if (kit_can(run, POE_CAP_NESTED_REPORT))
    KIT_EXPECT(run, l->nested_turns >= 3, "NESTED_REPORT: expected 3 turns with POE_TURN_NESTED, got %d",
               l->nested_turns);
  l->on_turn = NULL;
  kit_idle(l, KIT_MS, NULL);
  kit_forget_reports(l);
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "after dialogs three deep: expected a report, got none");
  KIT_EQUAL(run, "turns said to be nested after all dialogs were closed", 0, l->nested_turns);
}

/* Toolkits do not fire a timer whose own callback is on the stack. */
static void open_in_now_turn(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->number++ >= 3) return;
  const int before = l->turns;
  kit_arm(l, POE_NOW_NS);
  kit_host_inner(l, 40 * KIT_MS);
  if (l->turns == before) l->error_code = 1;
}

static void now_inside_now(kit* run) {
  kit_loop* l = has_modal(run) ? kit_open(run) : NULL;
  if (!l) return;
  l->on_turn = open_in_now_turn;
  kit_arm(l, POE_NOW_NS);
  for (int i = 0; i < 200 && l->number < 4; ++i) kit_host_run(l, 10 * KIT_MS);
  KIT_EXPECT(run, l->number >= 4, "NOW armed in a turn for NOW: expected 4 turns, got %d", (int)l->number);
  KIT_EXPECT(run, l->error_code == 0,
             "NOW armed in a turn for NOW, then a dialog: expected a turn inside it, got none");
}

static void forget_it(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->seen++) return;
  kit_watch(l, l->pair[0], 0, 0);
  l->number = l->readies;
}

static void forgets_inside(kit* run) {
  kit_loop* l = has_modal(run) ? kit_open(run) : NULL;
  if (!l || kit_pipe(l, l->pair)) return;
  dialog d = {l, 30 * KIT_MS, NULL, put_it, 0, 0};
  kit_watch(l, l->pair[0], POE_READ, 1);
  l->on_turn = forget_it;
  if (!show(run, &d)) return;
  kit_idle(l, KIT_IDLE, NULL);
  KIT_EXPECT(run, l->seen > 0, "a readable pipe in an inner run: expected a turn, got none");
  KIT_EQUAL(run, "reports after a forget in an inner run", (int)l->number, l->readies);
}

static void close_it(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (!l->closing) kit_close(l);
}

static void leaves_inside(kit* run) {
  kit_work work = {0};
  if (!has_modal(run) || !kit_work_start(run, &work)) return;
  kit_loop* l = kit_open(run);
  dialog d = {l, 30 * KIT_MS, NULL, wake_it, 0, 0};
  if (l) {
    l->on_turn = close_it;
    run->target->foreign->add_timer(run->host, KIT_MS, open_dialog, &d);
    for (int i = 0; i < 400 && !(d.closed && l->closed); ++i) kit_host_run(l, 10 * KIT_MS);
    if (l->closed) kit_work_served(run, l, &work, "after a guest left inside a dialog");
  }
  kit_work_end(run, &work); /* the host's timers point at what is on this stack */
  if (l) KIT_EQUAL(run, "closed() after close() inside a dialog", 1, l->closed);
}

#define MODAL(name, rule, contract, body) \
  { "nesting." name, "nesting", rule, contract, 1, body }

static const poe_kit_check kChecks[] = {
    MODAL("inner_run_delivers", "an inner run of the host delivers, and says NESTED with NESTED_REPORT",
          KIT_CAP(NESTED_REPORT), delivers),
    MODAL("inner_run_keeps_time", "deadlines go on while a dialog is open", KIT_OP(arm), keeps_time),
    MODAL("inner_run_keeps_reading", "descriptors go on while a dialog is open", KIT_OP(watch), keeps_reading),
    MODAL("inner_run_keeps_now", "NOW goes on while a dialog is open", KIT_OP(arm), keeps_now),
    MODAL("inner_run_is_woken_by_a_thread", "wake() from any thread reaches an open dialog's loop", KIT_OP(wake),
          thread_wakes),
    MODAL("dialogs_out_of_turns", "a handler may open a dialog, three deep; NESTED says so, and only then",
          KIT_CAP(NESTED_REPORT), opened_in_turns),
    MODAL("now_in_a_dialog_out_of_a_now_turn", "NOW goes on in a dialog that a turn for NOW has opened", KIT_OP(arm),
          now_inside_now),
    MODAL("forgotten_in_an_inner_run", "a forget inside a dialog holds after it", KIT_OP(watch), forgets_inside),
    MODAL("closed_in_an_inner_run", "close() inside a dialog: one closed(), and the host goes on", KIT_OP(close),
          leaves_inside),
};

KIT_LIST(kit_modal_checks, kChecks)
