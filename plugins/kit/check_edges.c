/* SPDX-License-Identifier: MIT
 *
 * Group descriptors, second half: ends, failures, odd kinds, numbers used again. */
#define _GNU_SOURCE /* dup3, F_DUPFD_CLOEXEC */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit.h"

void kit_check_end_of_file(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_close_fd(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "the writer is gone: expected a report, got none");
  KIT_EXPECT(run, kit_events(l, 1) & POE_READ, "end of file: expected READ among the events, got 0x%x",
             kit_events(l, 1));
  if (kit_can(run, POE_CAP_HANGUP_BIT))
    KIT_EXPECT(run, kit_events(l, 1) & POE_HANGUP, "end of file with HANGUP_BIT: expected HANGUP (0x10), got 0x%x",
               kit_events(l, 1));
  kit_forget_reports(l);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "end of file: expected it reported again, got none");
}

void kit_check_hung_up_and_forgotten(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_close_fd(l, l->pair[1]);
  kit_drive(l, kit_has_ready, KIT_SOON);
  kit_watch(l, l->pair[0], 0, 0);
  kit_forget_reports(l);
  int steps = 0;
  KIT_EQUAL(run, "calls with interest 0 on a hung-up pipe", 0, kit_idle(l, KIT_IDLE, &steps));
  KIT_EXPECT(run, steps <= 10, "interest 0 on a hung-up pipe: expected at most 10 wake-ups, got %d", steps);
}

void kit_check_reader_gone(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[1], POE_WRITE, 1);
  kit_close_fd(l, l->pair[0]);
  for (int i = 0; i < 3; ++i) {
    kit_forget_reports(l);
    KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "the reader is gone: expected report %d, got none", i + 1);
    KIT_EXPECT(run, kit_events(l, 1) & POE_WRITE, "the reader is gone: expected WRITE among the events, got 0x%x",
               kit_events(l, 1));
    if (kit_can(run, POE_CAP_ERROR_BIT))
      KIT_EXPECT(run, kit_events(l, 1) & POE_ERROR, "the reader is gone, ERROR_BIT: expected ERROR (0x8), got 0x%x",
                 kit_events(l, 1));
  }
}

/* 1: the world has no such object, and says so. Only a loop's own world may. */
static int beyond_the_world(kit_loop* l, int result, const char* what) {
  if (result >= 0) return 0;
  if (l->own_world) kit_skip(l->run, "this loop's own world has no %s (%d)", what, result);
  if (!l->own_world) kit_fail(l->run, "%s: expected one to be made, got %d", what, result);
  return 1;
}

void kit_check_refused_connect(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  struct sockaddr_in address;
  uint32_t size = sizeof address;
  const int listener = kit_listener(l, &address, &size);
  if (beyond_the_world(l, listener, "TCP listener")) return;
  kit_close_fd(l, listener);
  const int fd = kit_keep(l, l->sys->socket(l->sys->ctx, AF_INET, SOCK_STREAM, 0));
  const int result = l->sys->connect(l->sys->ctx, fd, &address, size);
  KIT_EXPECT(run, result < 0, "connect() to a closed port: expected a refusal, got %d", result);
  KIT_EQUAL(run, "watch() of a refused socket", 0, kit_watch(l, fd, POE_WRITE, 1));
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "a refused connection: expected a report, got none");
  KIT_EXPECT(run, kit_events(l, 1) & POE_WRITE, "a refused connection: expected WRITE among the events, got 0x%x",
             kit_events(l, 1));
}

static int both_directions(kit_loop* l) { return (kit_events(l, 7) & 3u) == 3u && !l->unturned; }

void kit_check_reset_by_peer(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  if (beyond_the_world(l, kit_tcp(l, l->pair), "TCP connection")) return;
  const struct linger at_once = {1, 0};
  const int result =
      l->sys->setsockopt(l->sys->ctx, l->pair[1], SOL_SOCKET, SO_LINGER, &at_once, (uint32_t)sizeof at_once);
  if (beyond_the_world(l, result, "SO_LINGER")) return;
  kit_watch(l, l->pair[0], POE_READ | POE_WRITE, 7);
  kit_close_fd(l, l->pair[1]);
  for (int i = 0; i < 3; ++i) { /* it may take a while to come through: until then only WRITE is true */
    KIT_EXPECT(run, kit_drive(l, both_directions, KIT_SOON),
               "reset by the peer: expected READ and WRITE (0x3), time %d, got 0x%x", i + 1, kit_events(l, 7));
    kit_forget_reports(l);
  }
}

static void listener_is_readable(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  const int result = kit_tcp(l, l->pair);
  if (beyond_the_world(l, result, "TCP connection")) return;
  kit_watch(l, l->pair[0], POE_WRITE, 1);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "connected: expected WRITE, got none");
}

void kit_check_closed_before_forgotten(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  kit_close_fd(l, l->pair[0]);
  KIT_EQUAL(run, "watch() with interest 0 after close(2)", 0, kit_watch(l, l->pair[0], 0, 0));
  KIT_EQUAL(run, "calls", 0, kit_idle(l, KIT_IDLE, NULL));
}

static void forget_unknown(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  KIT_EQUAL(run, "forgetting what was never watched", 0, kit_watch(l, l->pair[0], 0, 0));
  KIT_EQUAL(run, "forgetting a number that is not open", 0, kit_watch(l, 900, 0, 0));
}

/* Makes the number `fd` stand for a new, readable pipe. 0: the world chose another number; see l->other[0]. */
static void put_under_number(kit_loop* l, int fd) {
  if (l->own_world) kit_close_fd(l, fd);
  if (kit_pipe(l, l->other)) return;
  kit_put(l, l->other[1]);
  if (l->own_world) return; /* such a table has no dup2: a new pipe, usually of the same number */
  if (dup3(l->other[0], fd, O_CLOEXEC) != fd) kit_fail(l->run, "dup3(): expected %d, got %s", fd, strerror(errno));
  kit_close_fd(l, l->other[0]);
  l->other[0] = fd;
}

static void number_used_again(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_idle(l, KIT_MS, NULL);
  kit_watch(l, l->pair[0], 0, 0);
  put_under_number(l, l->pair[0]);
  KIT_EQUAL(run, "watch() of a number used again", 0, kit_watch(l, l->other[0], POE_READ, 2));
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "a number used again: expected a report, got none");
  KIT_EXPECT(run, kit_reported(l, 2) > 0 && !kit_reported(l, 1), "a number used again: expected the new token only");
}

void kit_check_dup2(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_idle(l, KIT_MS, NULL);
  put_under_number(l, l->pair[0]);
  KIT_EQUAL(run, "forgetting after dup2()", 0, kit_watch(l, l->pair[0], 0, 0));
  KIT_EQUAL(run, "watch() after dup2()", 0, kit_watch(l, l->other[0], POE_READ, 2));
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "after dup2() over a watch: expected a report, got none");
  KIT_EXPECT(run, kit_reported(l, 2) > 0 && !kit_reported(l, 1), "after dup2(): expected the new token only");
}

void kit_check_bad_descriptor(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  KIT_EQUAL(run, "watch() of -1", -EBADF, kit_watch(l, -1, POE_READ, 1));
  KIT_EQUAL(run, "watch() of a number that is not open", -EBADF, kit_watch(l, 900, POE_READ, 1));
  KIT_EQUAL(run, "calls", 0, kit_idle(l, KIT_MS, NULL));
}

static void handle_beyond_int(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  const int64_t beyond = (INT64_C(1) << 32) + l->pair[0];
  if ((poe_handle)beyond == (poe_handle)l->pair[0]) return; /* 32-bit handles: there is no such value */
  KIT_EQUAL(run, "watch() of a handle beyond int", -EBADF, kit_watch(l, (poe_handle)beyond, POE_READ, 1));
  KIT_EQUAL(run, "watch() of a handle below int", -EBADF, kit_watch(l, INTPTR_MIN, POE_READ, 1));
  kit_put(l, l->pair[1]);
  KIT_EQUAL(run, "calls", 0, kit_idle(l, KIT_MS, NULL));
}

void kit_check_regular_file(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  const int fd = l->own_world ? l->sys->open(l->sys->ctx, "/kit_file", O_RDWR | O_CREAT, 0600)
                              : l->sys->open(l->sys->ctx, "/proc/self/exe", O_RDONLY, 0);
  if (beyond_the_world(l, fd, "file")) return;
  kit_keep(l, fd);
  const int result = kit_watch(l, fd, POE_READ, 1);
  if (!kit_can(run, POE_CAP_REGULAR_FILES)) {
    KIT_EQUAL(run, "watch() of a regular file without REGULAR_FILES", -EPERM, result);
    KIT_EQUAL(run, "calls", 0, kit_idle(l, KIT_MS, NULL));
    kit_skip(run, "REGULAR_FILES is clear: refused with -EPERM");
    return;
  }
  KIT_EQUAL(run, "watch() of a regular file", 0, result);
  KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "a regular file: expected READ, got none");
}

/* A number at or above FD_SETSIZE: works, or is refused with words; never a write past a set. */
static void high_number(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  const int high = l->own_world ? 1500 : fcntl(l->pair[0], F_DUPFD_CLOEXEC, 1024);
  if (high < 0) {
    kit_skip(run, "this process may not open descriptor 1024 (%s)", strerror(errno));
    return;
  }
  const int result = kit_watch(l, high, POE_READ, 1);
  const int errors = l->errors;
  kit_put(l, l->pair[1]);
  if (result == 0) kit_drive(l, kit_has_ready, KIT_SOON);
  kit_watch(l, high, 0, 0);
  if (!l->own_world) close(high);
  if (l->own_world) {
    KIT_EQUAL(run, "watch() of a number that is not open", -EBADF, result);
    return;
  }
  if (result == 0) KIT_EXPECT(run, kit_reported(l, 1), "descriptor %d is watched: expected a report, got none", high);
  if (result < 0)
    KIT_EXPECT(run, errors == 1, "watch() of descriptor %d: refused (%d), expected a text, got none", high, result);
}

static int saw_priority(kit_loop* l) { return (kit_events(l, 7) & POE_PRIORITY) && !l->unturned; }

void kit_check_priority(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pair(l, l->pair)) return;
  if (!kit_can(run, POE_CAP_PRIORITY)) {
    const int refused = kit_watch(l, l->pair[0], POE_PRIORITY, 7);
    KIT_EXPECT(run, refused == -ENOTSUP || refused == POE_EUNSUPPORTED,
               "watch() for PRIORITY without the capability: expected %d, got %d", -ENOTSUP, refused);
    kit_skip(run, "PRIORITY is clear: refused");
    return;
  }
  if (beyond_the_world(l, kit_tcp(l, l->pair), "TCP connection")) return;
  KIT_EQUAL(run, "watch() for PRIORITY", 0, kit_watch(l, l->pair[0], POE_PRIORITY, 7));
  KIT_EQUAL(run, "calls before urgent data", 0, kit_idle(l, KIT_MS, NULL));
  char byte = '!';
  const poe_iovec part = {&byte, 1};
  poe_message message;
  memset(&message, 0, sizeof message);
  message.struct_size = sizeof message;
  message.flags = MSG_OOB;
  message.parts = &part;
  message.part_count = 1;
  KIT_EQUAL(run, "sending an urgent byte", 1, l->sys->sendmsg(l->sys->ctx, l->pair[1], &message));
  KIT_EXPECT(run, kit_drive(l, saw_priority, KIT_SOON), "urgent data: expected PRIORITY (0x4), got 0x%x",
             kit_events(l, 7));
}

static const poe_kit_check kChecks[] = {
    {"descriptors.end_of_file_is_readable", "descriptors", "the writer's end is READ, plus HANGUP with HANGUP_BIT",
     KIT_OP(watch), 0, kit_check_end_of_file},
    {"descriptors.hung_up_and_forgotten_is_silent", "descriptors", "interest 0 removes: a hang-up wakes nobody",
     KIT_OP(watch), 0, kit_check_hung_up_and_forgotten},
    {"descriptors.reader_gone_is_writable", "descriptors",
     "the reader's end is WRITE, plus ERROR with ERROR_BIT, again and again", KIT_OP(watch), 0, kit_check_reader_gone},
    {"descriptors.refused_connect_is_reported", "descriptors", "a failed connect is reported to who waits for WRITE",
     KIT_OP(watch), 0, kit_check_refused_connect},
    {"descriptors.reset_keeps_the_watch", "descriptors",
     "a reset is reported in every asked direction, again and again", KIT_OP(watch), 0, kit_check_reset_by_peer},
    {"descriptors.listener_and_connect", "descriptors", "a connection makes the listener readable, its socket writable",
     KIT_OP(watch), 0, listener_is_readable},
    {"descriptors.closed_before_forgotten", "descriptors", "forgetting a closed descriptor returns 0 and drops it",
     KIT_OP(watch), 0, kit_check_closed_before_forgotten},
    {"descriptors.forgetting_the_unknown", "descriptors", "forgetting an unknown descriptor returns 0", KIT_OP(watch),
     0, forget_unknown},
    {"descriptors.number_used_again", "descriptors", "a forgotten number may stand for something new", KIT_OP(watch), 0,
     number_used_again},
    {"descriptors.dup2_over_a_watch", "descriptors", "dup2 over a watched number is forget, then watch again",
     KIT_OP(watch), 0, kit_check_dup2},
    {"descriptors.bad_number_is_refused", "descriptors", "not a descriptor: -EBADF", KIT_OP(watch), 0,
     kit_check_bad_descriptor},
    {"descriptors.handle_beyond_int_is_refused", "descriptors", "a handle outside int: -EBADF, not cut off",
     KIT_OP(watch), 0, handle_beyond_int},
    {"descriptors.regular_file_as_declared", "descriptors", "a regular file is -EPERM, or ready with REGULAR_FILES",
     KIT_CAP(REGULAR_FILES), 0, kit_check_regular_file},
    {"descriptors.high_number_or_refusal", "descriptors",
     "a number above FD_SETSIZE works or is refused in words (R52)", KIT_OP(watch), 0, high_number},
    {"descriptors.priority_as_declared", "descriptors", "PRIORITY is told apart, or refused without the capability",
     KIT_CAP(PRIORITY), 0, kit_check_priority},
};

KIT_LIST(kit_edge_checks, kChecks)
