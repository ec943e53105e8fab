/* SPDX-License-Identifier: MIT
 *
 * Group faults: no descriptor left, refusals, misuse by the program; said, survived, and without a leak. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kit.h"

/* Lowers this process's limit, so that no further descriptor can be made. */
static int starve(kit* run, struct rlimit* ret_before) {
  const int lowest = fcntl(0, F_DUPFD, 0);
  if (lowest >= 0) close(lowest);
  if (lowest < 0 || getrlimit(RLIMIT_NOFILE, ret_before) != 0) {
    kit_skip(run, "this process's descriptors cannot be limited");
    return 0;
  }
  const struct rlimit none = {(rlim_t)lowest, ret_before->rlim_max};
  return setrlimit(RLIMIT_NOFILE, &none) == 0;
}

static void feed(const struct rlimit* before) { setrlimit(RLIMIT_NOFILE, before); }

static void create_starved(kit* run) {
  if (!kit_one_life(run, 0)) return;
  const int before = kit_open_descriptors();
  kit_loop* l = kit_slot(run);
  struct rlimit limit;
  poe_create how;
  if (!l) return;
  kit_how(l, &how);
  if (!starve(run, &limit)) return;
  const int result = kit_create(l, &how, &l->loop);
  const int errors = l->errors;
  feed(&limit);
  if (result == 0) return; /* it needs none */
  KIT_EXPECT(run, !l->loop, "create() without descriptors: expected *ret_loop untouched, it was written");
  KIT_EQUAL(run, "texts of a create() that failed for want of descriptors", 1, errors);
  KIT_EQUAL(run, "open descriptors after a failed create()", before, kit_open_descriptors());
  kit_loop* again = kit_open(run);
  if (!again) return;
  kit_wake(again);
  KIT_EXPECT(run, kit_drive(again, kit_has_woken, KIT_SOON), "create() after a failed one: expected a working loop");
}

static void watch_starved(kit* run) {
  kit_loop* l = kit_open(run);
  struct rlimit limit;
  if (!l || kit_pipe(l, l->pair) || !starve(run, &limit)) return;
  const int result = kit_watch(l, l->pair[0], POE_READ, 1);
  const int errors = l->errors;
  kit_put(l, l->pair[1]);
  const int reported = result == 0 && kit_drive(l, kit_has_ready, KIT_SOON);
  feed(&limit);
  KIT_EXPECT(run, result == 0 || errors == 1, "watch() without descriptors: refused (%d), expected a text, got %d",
             result, errors);
  KIT_EXPECT(run, result != 0 || reported, "watch() without descriptors: it returned 0, expected a report, got none");
  KIT_EQUAL(run, "watch() with descriptors again", 0, kit_watch(l, l->pair[0], POE_READ, 2));
  kit_forget_reports(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "watch() with descriptors again: expected a report, got none");
}

static void goes_on_starved(kit* run) {
  kit_loop* l = kit_open(run);
  struct rlimit limit;
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  if (!starve(run, &limit)) return;
  kit_put(l, l->pair[1]);
  const int ready = kit_drive(l, kit_has_ready, KIT_SOON);
  kit_arm(l, kit_now(l) + KIT_MS);
  const int due = kit_drive(l, kit_has_deadline, KIT_SOON);
  kit_wake(l);
  const int woken = kit_drive(l, kit_has_woken, KIT_SOON);
  const int forgotten = kit_watch(l, l->pair[0], 0, 0);
  feed(&limit);
  KIT_EXPECT(run, ready && due && woken,
             "a loop that was there before: expected report, deadline and wake, got %d %d %d", ready, due, woken);
  KIT_EQUAL(run, "forgetting without descriptors", 0, forgotten);
}

static void ends_starved(kit* run) {
  if (!kit_one_life(run, 0)) return;
  const int before = kit_open_descriptors();
  kit_loop* l = kit_open(run);
  struct rlimit limit;
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  if (!starve(run, &limit)) return;
  kit_watch(l, l->pair[0], 0, 0);
  kit_close_fd(l, l->pair[0]);
  kit_close_fd(l, l->pair[1]);
  kit_close(l);
  const int closed = kit_drive(l, kit_has_closed, KIT_SOON);
  feed(&limit);
  KIT_EXPECT(run, closed, "close() without descriptors: expected closed(), got none");
  KIT_EQUAL(run, "open descriptors after close() without descriptors", before, kit_open_descriptors());
}

static void thousand_refusals(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  const int before = kit_open_descriptors();
  for (int i = 0; i < 1000; ++i)
    KIT_EQUAL(run, "watch() of a number that is not open", -EBADF, kit_watch(l, 900, POE_READ | POE_WRITE, 2));
  KIT_EQUAL(run, "open descriptors after 1000 refusals", before, kit_open_descriptors());
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "after 1000 refusals: expected a report, got none");
  KIT_EQUAL(run, "reports of what was refused", 0, kit_reported(l, 2));
}

static void refuse_in_turn(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  l->number = kit_watch(l, -1, POE_READ, 2);
}

static void refused_inside(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->on_turn = refuse_in_turn;
  kit_wake(l);
  kit_drive(l, kit_has_woken, KIT_SOON);
  KIT_EQUAL(run, "watch() of -1 in turn()", -EBADF, (int)l->number);
  kit_forget_reports(l);
  kit_wake(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "after a refusal in turn(): expected a turn, got none");
}

static int saw_two(kit_loop* l) { return kit_reported(l, 2) > 0 && !l->unturned; }

/* The program's mistake; the loop must not pay for it with its other watches. */
void kit_check_closed_behind_its_back(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair) || kit_pipe(l, l->other)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_watch(l, l->other[0], POE_READ, 2);
  kit_idle(l, KIT_MS, NULL);
  kit_close_fd(l, l->pair[0]);
  kit_put(l, l->other[1]);
  KIT_EXPECT(run, kit_drive(l, saw_two, KIT_SOON), "a watched descriptor was closed: expected the other one reported");
  KIT_EQUAL(run, "forgetting the closed one", 0, kit_watch(l, l->pair[0], 0, 0));
  kit_take(l, l->other[0]);
  kit_forget_reports(l);
  KIT_EQUAL(run, "calls after the closed one was forgotten", 0, kit_idle(l, KIT_IDLE, NULL));
}

static void unknown_interest(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  KIT_EQUAL(run, "watch() for READ and an unknown bit", 0, kit_watch(l, l->pair[0], POE_READ | 0x80000000u, 1));
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "READ and an unknown bit: expected a report, got none");
  KIT_EXPECT(run, kit_events(l, 1) == POE_READ, "READ and an unknown bit: expected READ (0x1), got 0x%x",
             kit_events(l, 1));
}

static void wakes_unread(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (int i = 0; i < 100000; ++i) KIT_EQUAL(run, "wake() that nobody has taken yet", 0, kit_wake(l));
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "100 000 wakes: expected a WOKEN turn, got none");
  kit_idle(l, KIT_MS, NULL);
  KIT_EQUAL(run, "calls once it has calmed down", 0, kit_idle(l, KIT_IDLE, NULL));
}

static void close_twice(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (l->seen++ == 0) kit_close(l);
  l->number = l->run->ops->close(l->loop);
}

/* The program's own mistake again: closing what is closing, from inside. */
static void closes_again_inside(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->on_turn = close_twice;
  kit_wake(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_closed, KIT_SOON), "close() twice in turn(): expected closed(), got none");
  KIT_EQUAL(run, "close() the second time, in turn()", 0, (int)l->number);
  KIT_EQUAL(run, "closed() calls", 1, l->closed);
}

static const poe_kit_check kChecks[] = {
    {"faults.create_without_descriptors", "faults",
     "create() without descriptors: works, or a code and a text; no leak", KIT_OP(create), 0, create_starved},
    {"faults.watch_without_descriptors", "faults", "watch() without descriptors: works, or a code and a text",
     KIT_OP(watch), 0, watch_starved},
    {"faults.goes_on_without_descriptors", "faults", "a loop that is there needs no further descriptor to go on",
     KIT_MANNERS(5), 0, goes_on_starved},
    {"faults.ends_without_descriptors", "faults", "a loop needs no further descriptor to end", KIT_MANNERS(5), 0,
     ends_starved},
    {"faults.thousand_refusals_leave_nothing", "faults", "refusals leave no descriptor, no watch and no report",
     KIT_OP(watch), 0, thousand_refusals},
    {"faults.refused_inside_turn", "faults", "an op may fail in a callback; the loop goes on", KIT_HEADER("Errors"), 0,
     refused_inside},
    {"faults.closed_behind_its_back", "faults", "a descriptor closed under its watch does not harm the others",
     KIT_OP(watch), 0, kit_check_closed_behind_its_back},
    {"faults.unknown_interest_is_ignored", "faults", "unknown bits from a newer minor are ignored",
     KIT_HEADER("Growth"), 0, unknown_interest},
    {"faults.hundred_thousand_wakes_unread", "faults", "no number of wakes fills anything", KIT_OP(wake), 0,
     wakes_unread},
    {"faults.close_twice_inside_turn", "faults", "calling close() again does nothing, in a callback too", KIT_OP(close),
     0, closes_again_inside},
};

KIT_LIST(kit_fault_checks, kChecks)
