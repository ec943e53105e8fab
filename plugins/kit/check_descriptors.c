/* SPDX-License-Identifier: MIT
 *
 * Group descriptors, first half: interest, tokens, forgetting, batches. */
#include "kit.h"

#define TOKEN UINT64_C(0xFEDCBA9876543210)

/* A loop with one watched, readable pipe in l->pair. */
static kit_loop* with_readable_pipe(kit* run, uint64_t token) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return NULL;
  const int result = kit_watch(l, l->pair[0], POE_READ, token);
  if (result != 0) kit_fail(run, "watch() of a pipe: expected 0, got %d: %s", result, l->error_text);
  if (result != 0 || kit_put(l, l->pair[1]) != 1) return NULL;
  return l;
}

void kit_check_reads(kit* run) {
  kit_loop* l = with_readable_pipe(run, TOKEN);
  if (!l) return;
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "a readable pipe: expected ready() and turn(), got %d and %d",
             l->readies, l->turns);
  KIT_EXPECT(run, l->reports[0].token == TOKEN, "token: expected 0x%llx, got 0x%llx", (unsigned long long)TOKEN,
             (unsigned long long)l->reports[0].token);
  KIT_EXPECT(run, kit_events(l, TOKEN) == POE_READ, "events: expected READ (0x1), got 0x%x", kit_events(l, TOKEN));
}

void kit_check_writes(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  KIT_EQUAL(run, "watch() for WRITE", 0, kit_watch(l, l->pair[1], POE_WRITE, 7));
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "a writable pipe: expected ready(), got none");
  KIT_EXPECT(run, kit_events(l, 7) == POE_WRITE, "events: expected WRITE (0x2), got 0x%x", kit_events(l, 7));
}

static int both_bits(kit_loop* l) { return (kit_events(l, 7) & 3u) == 3u && !l->unturned; }

void kit_check_both_directions(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pair(l, l->pair)) return;
  KIT_EQUAL(run, "watch() for both", 0, kit_watch(l, l->pair[0], POE_READ | POE_WRITE, 7));
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "a writable socket: expected ready(), got none");
  KIT_EXPECT(run, kit_events(l, 7) == POE_WRITE, "nothing to read yet: expected WRITE (0x2), got 0x%x",
             kit_events(l, 7));
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, both_bits, KIT_SOON), "readable and writable: expected both (0x3), got 0x%x",
             kit_events(l, 7));
}

void kit_check_level(kit* run) {
  kit_loop* l = with_readable_pipe(run, TOKEN);
  if (!l) return;
  for (int i = 0; i < 3; ++i) {
    kit_forget_reports(l);
    KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "nobody read: expected report %d, got none", i + 1);
  }
  kit_take(l, l->pair[0]);
  kit_forget_reports(l);
  KIT_EQUAL(run, "calls after the last byte was read", 0, kit_idle(l, KIT_IDLE, NULL));
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "readable once more: expected a report, got none");
}

void kit_check_interest_is_replaced(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pair(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_WRITE, 1);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "watched for WRITE: expected a report, got none");
  KIT_EQUAL(run, "watch() again, for READ", 0, kit_watch(l, l->pair[0], POE_READ, 1));
  kit_forget_reports(l);
  KIT_EQUAL(run, "calls with nothing to read", 0, kit_idle(l, KIT_IDLE, NULL));
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "watched for READ: expected a report, got none");
  KIT_EXPECT(run, kit_events(l, 1) == POE_READ, "events: expected READ (0x1), got 0x%x", kit_events(l, 1));
}

void kit_check_token_is_replaced(kit* run) {
  kit_loop* l = with_readable_pipe(run, 1);
  if (!l) return;
  KIT_EQUAL(run, "watch() with a new token", 0, kit_watch(l, l->pair[0], POE_READ, TOKEN));
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "after a new token: expected a report, got none");
  KIT_EXPECT(run, kit_reported(l, TOKEN) > 0 && kit_reported(l, 1) == 0, "expected the new token only, got the old");
}

void kit_check_forgotten(kit* run) {
  kit_loop* l = with_readable_pipe(run, 1);
  if (!l) return;
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "a readable pipe: expected a report, got none");
  KIT_EQUAL(run, "watch() with interest 0", 0, kit_watch(l, l->pair[0], 0, 0));
  kit_forget_reports(l);
  KIT_EQUAL(run, "calls after forgetting a readable pipe", 0, kit_idle(l, KIT_IDLE, NULL));
}

static void forgotten_before_any_step(kit* run) {
  kit_loop* l = with_readable_pipe(run, 1);
  if (!l) return;
  kit_watch(l, l->pair[0], 0, 0);
  KIT_EQUAL(run, "calls", 0, kit_idle(l, KIT_IDLE, NULL));
  kit_watch(l, l->pair[0], POE_READ, 2);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "watched again: expected a report, got none");
  KIT_EXPECT(run, kit_reported(l, 1) == 0, "watched again: expected the new token only");
}

/* Two readable pipes, tokens 1 and 2; the first report tells which one is still to come in the batch. */
static kit_loop* with_two_readable(kit* run) {
  kit_loop* l = with_readable_pipe(run, 1);
  if (!l || kit_pipe(l, l->other)) return NULL;
  kit_watch(l, l->other[0], POE_READ, 2);
  kit_put(l, l->other[1]);
  return l;
}

static int other_of(const kit_loop* l, uint64_t token) { return token == 1 ? l->other[0] : l->pair[0]; }

static void forget_other(kit_loop* l, uint64_t token, uint32_t events) {
  (void)events;
  if (l->number) return;
  l->number = (int64_t)(3 - token); /* the forgotten one's token */
  kit_watch(l, other_of(l, token), 0, 0);
}

void kit_check_forget_in_ready(kit* run) {
  kit_loop* l = with_two_readable(run);
  if (!l) return;
  l->on_ready = forget_other;
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "two readable pipes: expected a report, got none");
  kit_idle(l, KIT_MS, NULL);
  KIT_EQUAL(run, "reports of a pipe forgotten in the batch", 0, kit_reported(l, (uint64_t)l->number));
}

static void renew_other(kit_loop* l, uint64_t token, uint32_t events) {
  (void)events;
  if (l->number) return;
  l->number = (int64_t)(3 - token);
  kit_watch(l, other_of(l, token), 0, 0);
  kit_watch(l, other_of(l, token), POE_READ, 9);
}

static int saw_nine(kit_loop* l) { return kit_reported(l, 9) > 0 && !l->unturned; }

void kit_check_renewed_in_ready(kit* run) {
  kit_loop* l = with_two_readable(run);
  if (!l) return;
  l->on_ready = renew_other;
  KIT_EXPECT(run, kit_drive(l, saw_nine, KIT_SOON), "watched anew in ready(): expected the new token, got none");
  KIT_EQUAL(run, "reports under the old token", 0, kit_reported(l, (uint64_t)l->number));
}

/* Emptied, forgotten and watched anew inside the batch that has it: what was collected is about the former watch. */
static void empty_and_renew(kit_loop* l, uint64_t token, uint32_t events) {
  (void)events;
  if (l->number) return;
  l->number = (int64_t)(3 - token);
  kit_take(l, other_of(l, token));
  kit_watch(l, other_of(l, token), 0, 0);
  kit_watch(l, other_of(l, token), POE_READ, 9);
}

static void emptied_in_ready(kit* run) {
  kit_loop* l = with_two_readable(run);
  if (!l) return;
  l->on_ready = empty_and_renew;
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "two readable pipes: expected a report, got none");
  kit_watch(l, other_of(l, (uint64_t)l->number), 0, 0);
  kit_idle(l, KIT_MS, NULL);
  KIT_EQUAL(run, "reports of an empty pipe, watched anew in the batch", 0, kit_reported(l, 9));
}

static void forget_both(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  kit_watch(l, l->pair[0], 0, 0);
  kit_watch(l, l->other[0], 0, 0);
  l->seen = l->readies;
}

static void forget_in_turn(kit* run) {
  kit_loop* l = with_two_readable(run);
  if (!l) return;
  l->on_turn = forget_both;
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "two readable pipes: expected a report, got none");
  l->on_turn = NULL;
  kit_idle(l, KIT_IDLE, NULL);
  KIT_EQUAL(run, "reports after both were forgotten in turn()", (int)l->seen, l->readies);
}

static void watch_in_ready(kit_loop* l, uint64_t token, uint32_t events) {
  (void)events;
  if (token == 1) kit_watch(l, l->other[0], POE_READ, 9);
}

static void watches_in_ready(kit* run) {
  kit_loop* l = with_two_readable(run);
  if (!l) return;
  kit_watch(l, l->other[0], 0, 0);
  l->on_ready = watch_in_ready;
  KIT_EXPECT(run, kit_drive(l, saw_nine, KIT_SOON), "watch() in ready(): expected its report, got none");
}

static void watch_in_turn(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  kit_watch(l, l->pair[0], 0, 0);
  kit_watch(l, l->other[0], POE_READ, 9);
}

static void watches_in_turn(kit* run) {
  kit_loop* l = with_two_readable(run);
  if (!l) return;
  kit_watch(l, l->other[0], 0, 0);
  l->on_turn = watch_in_turn;
  KIT_EXPECT(run, kit_drive(l, saw_nine, KIT_SOON), "watch() in turn(): expected its report, got none");
  KIT_EXPECT(run, kit_reported(l, 1) >= 1, "expected the first pipe's report, got none");
}

void kit_check_churn(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pair(l, l->pair)) return;
  for (uint64_t i = 0; i < 500; ++i) {
    KIT_EQUAL(run, "watch() for READ", 0, kit_watch(l, l->pair[0], POE_READ, i));
    KIT_EQUAL(run, "watch() for both", 0, kit_watch(l, l->pair[0], POE_READ | POE_WRITE, i));
    if (i % 50 == 0) kit_drive(l, kit_has_ready, KIT_SOON);
    KIT_EQUAL(run, "forgetting", 0, kit_watch(l, l->pair[0], 0, 0));
  }
  kit_forget_reports(l);
  KIT_EQUAL(run, "calls after 500 watches were forgotten", 0, kit_idle(l, KIT_MS, NULL));
  kit_watch(l, l->pair[0], POE_WRITE, TOKEN);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "the 501st watch: expected a report, got none");
  KIT_EXPECT(run, kit_reported(l, TOKEN) == l->readies, "the 501st watch: expected its token only");
}

#define MANY 200

static int all_reported(kit_loop* l) {
  for (uint64_t token = 0; token < (uint64_t)l->number; ++token)
    if (!kit_reported(l, token)) return 0;
  return !l->unturned;
}

/* No token twice within one batch; the recorder itself sees that each batch has its turn, with READY. */
static void one_report_a_batch(kit* run, const kit_loop* l) {
  for (int i = 0; i < l->readies && i < KIT_REPORTS; ++i)
    for (int j = i + 1; j < l->readies && j < KIT_REPORTS && l->reports[j].turn == l->reports[i].turn; ++j)
      KIT_EXPECT(run, l->reports[i].token != l->reports[j].token,
                 "one batch: expected one report a descriptor, token %llu came twice",
                 (unsigned long long)l->reports[i].token);
}

static void many(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (uint64_t token = 0; token < MANY; ++token) {
    if (kit_pipe(l, l->pair)) return;
    const int result = kit_watch(l, l->pair[0], POE_READ, token);
    KIT_EXPECT(run, result == 0, "watch() number %d of %d: expected 0, got %d", (int)token, MANY, result);
    kit_put(l, l->pair[1]);
  }
  l->number = MANY;
  KIT_EXPECT(run, kit_drive(l, all_reported, KIT_SOON), "%d readable pipes: expected all reported, got %d reports",
             MANY, l->readies);
  one_report_a_batch(run, l);
}

void kit_check_batches(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (uint64_t token = 0; token < 8; ++token) {
    if (kit_pair(l, l->pair)) return;
    kit_watch(l, l->pair[0], POE_READ | POE_WRITE, token);
    kit_put(l, l->pair[1]);
  }
  l->number = 8;
  KIT_EXPECT(run, kit_drive(l, all_reported, KIT_SOON), "8 readable sockets: expected all reported, got %d reports",
             l->readies);
  one_report_a_batch(run, l);
  KIT_EXPECT(run, l->turns <= l->readies, "expected at most one turn a batch, got %d turns for %d reports", l->turns,
             l->readies);
}

static const poe_kit_check kChecks[] = {
    {"descriptors.readable_is_reported", "descriptors", "READ is reported under the token given, unchanged",
     KIT_HOST(ready), 0, kit_check_reads},
    {"descriptors.writable_is_reported", "descriptors", "WRITE is reported", KIT_OP(watch), 0, kit_check_writes},
    {"descriptors.both_directions_on_one", "descriptors",
     "READ and WRITE of one descriptor are told apart and together", KIT_OP(watch), 0, kit_check_both_directions},
    {"descriptors.level_triggered", "descriptors", "what is still readable is reported again; drained, it is not",
     KIT_OP(watch), 0, kit_check_level},
    {"descriptors.interest_is_replaced", "descriptors", "a second watch() replaces the interest", KIT_OP(watch), 0,
     kit_check_interest_is_replaced},
    {"descriptors.token_is_replaced", "descriptors", "a second watch() replaces the token", KIT_OP(watch), 0,
     kit_check_token_is_replaced},
    {"descriptors.forgotten_fd_never_fires", "descriptors", "after interest 0 no report follows", KIT_OP(watch), 0,
     kit_check_forgotten},
    {"descriptors.forgotten_before_any_step", "descriptors", "a watch forgotten at once leaves no trace", KIT_OP(watch),
     0, forgotten_before_any_step},
    {"descriptors.forgotten_inside_ready", "descriptors", "no report follows a forget, not even one already collected",
     KIT_OP(watch), 0, kit_check_forget_in_ready},
    {"descriptors.renewed_inside_ready", "descriptors", "forgotten and watched anew in a batch: only the new token",
     KIT_OP(watch), 0, kit_check_renewed_in_ready},
    {"descriptors.emptied_and_renewed_inside_ready", "descriptors",
     "what was collected for a forgotten watch is not told to the next one", KIT_OP(watch), 0, emptied_in_ready},
    {"descriptors.forgotten_inside_turn", "descriptors", "watch() is legal in turn(); forgetting there holds",
     KIT_OP(watch), 0, forget_in_turn},
    {"descriptors.watched_inside_ready", "descriptors", "watch() is legal in ready()", KIT_OP(watch), 0,
     watches_in_ready},
    {"descriptors.watched_inside_turn", "descriptors", "watch() is legal in turn()", KIT_OP(watch), 0, watches_in_turn},
    {"descriptors.five_hundred_times_anew", "descriptors", "watching and forgetting over and over leaves no trace",
     KIT_OP(watch), 0, kit_check_churn},
    {"descriptors.two_hundred_at_once", "descriptors", "many ready descriptors are all reported, once a batch",
     KIT_HOST(ready), 0, many},
    {"descriptors.one_report_and_one_turn_a_batch", "descriptors",
     "a descriptor has one ready() a batch, both directions in it; one turn() ends the batch", KIT_HOST(turn), 0,
     kit_check_batches},
};

KIT_LIST(kit_descriptor_checks, kChecks)
