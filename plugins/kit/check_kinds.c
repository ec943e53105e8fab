/* SPDX-License-Identifier: MIT
 *
 * Group descriptors, third part: kinds of descriptors, and what a level means for each. */
#define _GNU_SOURCE /* F_DUPFD_CLOEXEC, ptsname_r, cfmakeraw */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "kit.h"

static const uint64_t kTokens[] = {0, UINT64_MAX, UINT64_C(1) << 63};

static int all_tokens(kit_loop* l) {
  for (int i = 0; i < 3; ++i)
    if (!kit_reported(l, kTokens[i])) return 0;
  return !l->unturned;
}

void kit_check_extreme_tokens(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (int i = 0; i < 3; ++i) {
    if (kit_pipe(l, l->pair)) return;
    kit_watch(l, l->pair[0], POE_READ, kTokens[i]);
    kit_put(l, l->pair[1]);
  }
  KIT_EXPECT(run, kit_drive(l, all_tokens, KIT_SOON), "tokens 0, 2^63 and 2^64-1: expected all three reported, got %d",
             l->readies);
}

static void take_one(kit_loop* l, uint64_t token, uint32_t events) {
  (void)token;
  (void)events;
  kit_take(l, l->pair[0]);
}

static int ten_readies(kit_loop* l) { return l->readies >= 10 && !l->unturned; }

void kit_check_one_byte_a_report(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  for (int i = 0; i < 10; ++i) kit_put(l, l->pair[1]);
  l->on_ready = take_one;
  KIT_EXPECT(run, kit_drive(l, ten_readies, KIT_SOON), "10 bytes, one read a report: expected 10 reports, got %d",
             l->readies);
  KIT_EQUAL(run, "calls once all is read", 0, kit_idle(l, KIT_IDLE, NULL));
}

void kit_check_full_pipe(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  KIT_EXPECT(run, kit_fill(l, l->pair[1]) > 0, "filling a pipe: expected some bytes taken, got none");
  KIT_EQUAL(run, "watch() for WRITE of a full pipe", 0, kit_watch(l, l->pair[1], POE_WRITE, 1));
  KIT_EQUAL(run, "calls while the pipe is full", 0, kit_idle(l, KIT_IDLE, NULL));
  kit_drain(l, l->pair[0]);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "a pipe that was emptied: expected WRITE, got none");
  KIT_EXPECT(run, kit_events(l, 1) == POE_WRITE, "events: expected WRITE (0x2), got 0x%x", kit_events(l, 1));
}

static void half_closed(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pair(l, l->pair)) return;
  if (!l->sys->shutdown || l->sys->shutdown(l->sys->ctx, l->pair[1], SHUT_WR) < 0) {
    kit_skip(run, "this loop's own world has no shutdown()");
    return;
  }
  kit_watch(l, l->pair[0], POE_READ, 1);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "the peer writes no more: expected READ, got none");
  KIT_EXPECT(run, kit_events(l, 1) & POE_READ, "the peer writes no more: expected READ (0x1), got 0x%x",
             kit_events(l, 1));
  kit_forget_reports(l);
  kit_watch(l, l->pair[0], POE_WRITE, 2);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "the other direction is open: expected WRITE, got none");
}

/* 1: said. */
static int is_own_world(kit_loop* l, const char* what) {
  if (l->own_world) kit_skip(l->run, "this loop's own world has no %s", what);
  return l->own_world;
}

static int both_twins(kit_loop* l) { return kit_reported(l, 1) && kit_reported(l, 2) && !l->unturned; }

static void two_numbers_of_one(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair) || is_own_world(l, "dup()")) return;
  const int twin = kit_keep(l, fcntl(l->pair[0], F_DUPFD_CLOEXEC, 0));
  KIT_EQUAL(run, "watch() of a descriptor", 0, kit_watch(l, l->pair[0], POE_READ, 1));
  KIT_EQUAL(run, "watch() of its duplicate", 0, kit_watch(l, twin, POE_READ, 2));
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, both_twins, KIT_SOON), "a descriptor and its duplicate: expected both reported");
  kit_watch(l, l->pair[0], 0, 0);
  kit_close_fd(l, l->pair[0]);
  kit_forget_reports(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "one is closed: expected the duplicate reported, got none");
  KIT_EQUAL(run, "reports of the closed one", 0, kit_reported(l, 1));
}

/* Descriptor 0 is as good as any. */
static void number_zero(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair) || is_own_world(l, "dup2()")) return;
  const int saved = fcntl(0, F_DUPFD_CLOEXEC, 0);
  if (dup2(l->pair[0], 0) != 0) kit_fail(run, "dup2() to 0: expected 0, got errno %d", errno);
  kit_put(l, l->pair[1]);
  const int result = kit_watch(l, 0, POE_READ, 1);
  const int reported = result == 0 && kit_drive(l, kit_has_ready, KIT_SOON);
  kit_watch(l, 0, 0, 0);
  close(0);
  if (saved >= 0) {
    dup2(saved, 0);
    close(saved);
  }
  KIT_EQUAL(run, "watch() of descriptor 0", 0, result);
  KIT_EXPECT(run, reported, "descriptor 0 is readable: expected a report, got none");
}

/* Always ready, like a file; where it cannot be watched, that is said at once. */
static void null_device(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || is_own_world(l, "devices")) return;
  const int fd = kit_keep(l, l->sys->open(l->sys->ctx, "/dev/null", O_RDWR, 0));
  const int result = kit_watch(l, fd, POE_WRITE, 1);
  KIT_EXPECT(run, result == 0 || result == -EPERM, "watch() of /dev/null: expected 0 or %d, got %d", -EPERM, result);
  if (result == 0) {
    KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "/dev/null is watched: expected WRITE, got none");
    return;
  }
  KIT_EQUAL(run, "calls after a refusal", 0, kit_idle(l, KIT_MS, NULL));
}

/* pair[0]: a terminal of our own, as a program has it; pair[1]: whoever types there. 1: there is none, said. */
static int open_terminal(kit_loop* l) {
  char name[128];
  if (is_own_world(l, "terminals")) return 1;
  l->pair[1] = kit_keep(l, l->sys->open(l->sys->ctx, "/dev/ptmx", O_RDWR | O_NOCTTY, 0));
  const int named = l->pair[1] >= 0 && unlockpt(l->pair[1]) == 0 && ptsname_r(l->pair[1], name, sizeof name) == 0;
  l->pair[0] = named ? kit_keep(l, l->sys->open(l->sys->ctx, name, O_RDWR | O_NOCTTY, 0)) : -1;
  if (l->pair[0] < 0) kit_skip(l->run, "this system gives us no terminal");
  return l->pair[0] < 0;
}

/* As shells and line editors do, while others watch: whoever waits for the terminal is woken, and there is nothing. */
static int change_settings(kit_loop* l, int raw) {
  struct termios settings;
  if (tcgetattr(l->pair[0], &settings) != 0) return -errno;
  if (raw) cfmakeraw(&settings);
  if (!raw) settings.c_lflag |= ICANON;
  return tcsetattr(l->pair[0], TCSANOW, &settings) == 0 ? 0 : -errno;
}

static void terminal_is_changed(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || open_terminal(l)) return;
  KIT_EQUAL(run, "watch() of a terminal", 0, kit_watch(l, l->pair[0], POE_READ, 1));
  for (int i = 0; i < 10; ++i) {
    kit_idle(l, KIT_MS, NULL);
    KIT_EQUAL(run, "changing the terminal's settings", 0, change_settings(l, i % 2));
    kit_idle(l, KIT_MS, NULL);
    KIT_EXPECT(run, !l->errors, "a terminal's settings were changed: expected no error(), got: %s", l->error_text);
  }
  KIT_EQUAL(run, "reports of a terminal where nothing was typed", 0, l->readies);
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "its settings were changed: expected READ, got none");
}

static const poe_kit_check kChecks[] = {
    {"descriptors.tokens_at_their_limits", "descriptors", "any 64 bits are a token", KIT_HOST(ready), 0,
     kit_check_extreme_tokens},
    {"descriptors.one_byte_a_report", "descriptors", "level: ten bytes, read one at a time, are ten reports",
     KIT_OP(watch), 0, kit_check_one_byte_a_report},
    {"descriptors.full_pipe_is_not_writable", "descriptors", "WRITE is reported only where something can be written",
     KIT_OP(watch), 0, kit_check_full_pipe},
    {"descriptors.half_closed_peer", "descriptors", "a peer that writes no more is READ; the other direction goes on",
     KIT_OP(watch), 0, half_closed},
    {"descriptors.duplicates_are_two_watches", "descriptors", "two numbers of one object are two watches",
     KIT_OP(watch), 0, two_numbers_of_one},
    {"descriptors.number_zero", "descriptors", "descriptor 0 is as good as any", KIT_OP(watch), 0, number_zero},
    {"descriptors.null_device_or_refusal", "descriptors", "a device that is always ready is reported, or -EPERM",
     KIT_OP(watch), 0, null_device},
    {"descriptors.terminal_settings_may_change", "descriptors", "a terminal stays watched while its settings change",
     KIT_OP(watch), 0, terminal_is_changed},
};

KIT_LIST(kit_kind_checks, kChecks)
