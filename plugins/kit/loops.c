/* SPDX-License-Identifier: MIT
 *
 * Opening, driving and asking loops: every op of the ABI as a verb that the recorder can judge by. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit.h"
#include "recorder.h"

int kit_can(const kit* run, unsigned capability) {
  return (int)((run->plugin->capabilities[capability / 64] >> (capability % 64)) & 1u);
}

int kit_covers(const kit* run, size_t end) { return run->ops->struct_size >= end; }

#define HAS(run, member) \
  (kit_covers(run, offsetof(poe_loop_ops, member) + sizeof((run)->ops->member)) && (run)->ops->member)

int64_t kit_real_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 * KIT_MS + t.tv_nsec;
}

int64_t kit_now(const kit_loop* l) { return HAS(l->run, now) ? l->run->ops->now(l->loop) : kit_real_now(); }

kit_loop* kit_slot(kit* run) {
  kit_loop* l = run->loop_count < KIT_LOOPS ? calloc(1, sizeof *l) : NULL;
  if (!l) {
    kit_fail(run, "the kit has no room for one more loop");
    return NULL;
  }
  l->run = run;
  kit_recorder_host(l);
  run->loops[run->loop_count++] = l;
  return l;
}

void kit_how(const kit_loop* l, poe_create* ret_how) {
  const poe_kit_target* target = l->run->target;
  memset(ret_how, 0, sizeof *ret_how);
  ret_how->struct_size = sizeof *ret_how;
  ret_how->host = &l->host;
  ret_how->foreign = l->run->host ? target->foreign->native(l->run->host) : NULL;
  ret_how->options = target->options;
  ret_how->option_count = target->option_count;
}

/* The op under way, so that a delivery from inside it is seen; put back afterwards, for ops in callbacks. */
static const char* begin_op(kit_loop* l, const char* name) {
  const char* outer = l->run->op;
  l->run->op = name;
  if (l->run->doing) *l->run->doing = name;
  l->errors = 0;
  return outer;
}

static int end_op(kit_loop* l, const char* outer, int result) {
  if (l->errors > 1)
    kit_breach(l->run, KIT_HEADER("Errors"), "%s(): expected error() at most once, got %d calls", l->run->op,
               l->errors);
  if (result == 0 && l->errors)
    kit_breach(l->run, KIT_HEADER("Errors"), "%s(): expected no error() from what returns 0, it came", l->run->op);
  if (result < 0 && l->errors && l->error_code != result)
    kit_breach(l->run, KIT_HOST(error), "%s(): expected error() to be given the code returned, %d, it got %d",
               l->run->op, result, l->error_code);
  if (l->run->doing) *l->run->doing = outer ? outer : l->run->driver;
  l->run->op = outer;
  return result;
}

int kit_create(kit_loop* l, const poe_create* how, poe_loop** ret_loop) {
  const char* outer = begin_op(l, "create");
  return end_op(l, outer, l->run->ops->create(how, ret_loop));
}

static void find_world(kit_loop* l) {
  const poe_sys* own = HAS(l->run, extension) ? l->run->ops->extension(l->loop, POE_SYS_NAME) : NULL;
  l->own_world = own != NULL;
  l->sys = own ? own : kit_real_sys();
}

kit_loop* kit_open(kit* run) {
  kit_loop* l = kit_slot(run);
  if (!l) return NULL;
  poe_create how;
  kit_how(l, &how);
  const int result = kit_create(l, &how, &l->loop);
  if (result != 0 || !l->loop) {
    kit_fail(run, "create(): expected 0 and a loop, got %d%s%s", result, l->errors ? ": " : "", l->error_text);
    return NULL;
  }
  find_world(l);
  return l;
}

int kit_watch(kit_loop* l, poe_handle handle, uint32_t interest, uint64_t token) {
  const char* outer = begin_op(l, "watch");
  return end_op(l, outer, l->run->ops->watch(l->loop, handle, interest, token));
}

int kit_arm(kit_loop* l, int64_t deadline_ns) {
  const char* outer = begin_op(l, "arm");
  return end_op(l, outer, l->run->ops->arm(l->loop, deadline_ns));
}

int kit_wake(kit_loop* l) {
  const char* outer = begin_op(l, "wake");
  return end_op(l, outer, l->run->ops->wake(l->loop));
}

int kit_close(kit_loop* l) {
  const char* outer = begin_op(l, "close");
  l->closing = 1;
  return end_op(l, outer, l->run->ops->close(l->loop));
}

void kit_abandon(kit_loop* l) {
  const char* outer = begin_op(l, "abandon");
  l->run->ops->abandon(l->loop);
  l->abandoned = 1;
  l->loop = NULL;
  end_op(l, outer, 0);
}

int kit_stop(kit_loop* l) {
  const char* outer = begin_op(l, "stop");
  return end_op(l, outer, HAS(l->run, stop) ? l->run->ops->stop(l->loop) : -ENOTSUP);
}

int kit_hold(kit_loop* l, int32_t keep) {
  const char* outer = begin_op(l, "hold");
  return end_op(l, outer, HAS(l->run, hold) ? l->run->ops->hold(l->loop, keep) : -ENOTSUP);
}

int kit_pollable(kit_loop* l, poe_pollable* ret_pollable) {
  const char* outer = begin_op(l, "pollable");
  memset(ret_pollable, 0, sizeof *ret_pollable);
  ret_pollable->struct_size = sizeof *ret_pollable;
  return end_op(l, outer, HAS(l->run, pollable) ? l->run->ops->pollable(l->loop, ret_pollable) : -ENOTSUP);
}

static const char* begin_driving(kit* run, const char* what) {
  const char* outer = run->driver;
  run->driver = what;
  if (run->doing) *run->doing = what;
  ++run->driving;
  return outer;
}

static void end_driving(kit* run, const char* outer) {
  --run->driving;
  run->driver = outer;
  if (run->doing) *run->doing = outer;
}

int kit_step(kit_loop* l, int64_t max_wait_ns) {
  kit* run = l->run;
  const char* outer = begin_driving(run, "step");
  const int result = run->ops->step(l->loop, max_wait_ns);
  end_driving(run, outer);
  return result;
}

int kit_run(kit_loop* l) {
  if (!HAS(l->run, run)) return -ENOTSUP;
  kit* run = l->run;
  const char* outer = begin_driving(run, "run");
  const int result = run->ops->run(l->loop);
  end_driving(run, outer);
  return result;
}

void kit_host_run(kit_loop* l, int64_t at_most_ns) {
  kit* run = l->run;
  const char* outer = begin_driving(run, "the host's run");
  const int result = run->target->foreign->run(run->host, at_most_ns);
  end_driving(run, outer);
  if (result != 0) kit_fail(run, "the adapter's run(): expected 0, got %d", result);
}

void kit_host_inner(kit_loop* l, int64_t at_most_ns) {
  kit* run = l->run;
  const char* outer = begin_driving(run, "an inner run of the host");
  const int result = run->target->foreign->run_inner(run->host, at_most_ns);
  end_driving(run, outer);
  if (result != 0) kit_fail(run, "the adapter's run_inner(): expected 0, got %d", result);
}

/* One push; 0: it cannot go on. */
static int push(kit_loop* l, int64_t left_ns) {
  if (l->run->host) {
    kit_host_run(l, left_ns);
    return 1;
  }
  const int result = kit_step(l, left_ns);
  if (result >= 0) return 1;
  kit_breach(l->run, KIT_OP(step), "step(): expected 0 or more, got %d", result);
  return 0;
}

int kit_drive(kit_loop* l, kit_done* done, int64_t budget_ns) {
  kit_done* outer = l->done;
  l->done = done;
  const int64_t end = l->loop ? kit_now(l) + budget_ns : 0;
  /* The loop's own clock may stand still if it is broken: real time bounds it. */
  const int64_t guard = kit_real_now() + budget_ns + 1000 * KIT_MS;
  while (l->loop && !done(l) && kit_real_now() < guard) {
    const int64_t left = end - kit_now(l);
    if (left <= 0 || !push(l, left)) break;
  }
  l->done = outer;
  return done(l);
}

int kit_drive_really(kit_loop* l, kit_done* done, int64_t budget_ns) {
  const int64_t end = kit_real_now() + budget_ns;
  while (!done(l) && !l->run->result && kit_real_now() < end)
    if (!kit_drive(l, done, 20 * KIT_MS)) sched_yield();
  return done(l);
}

static int never_done(kit_loop* l) {
  (void)l;
  return 0;
}

int kit_idle(kit_loop* l, int64_t window_ns, int* ret_steps) {
  const int before = l->calls;
  const int64_t end = kit_now(l) + window_ns;
  const int64_t guard = kit_real_now() + window_ns + 1000 * KIT_MS;
  int steps = 0;
  l->done = never_done;
  while (l->loop) {
    const int64_t left = end - kit_now(l);
    if (left <= 0) break;
    ++steps;
    if (!push(l, left)) break;
    if (kit_real_now() > guard) {
      kit_fail(l->run, "idle: expected the loop's clock to pass %lld ns in steps that wait, it did not",
               (long long)window_ns);
      break;
    }
  }
  l->done = NULL;
  if (ret_steps) *ret_steps = steps;
  return l->calls - before;
}

int kit_has_turn(kit_loop* l) { return l->turns > 0; }
int kit_has_ready(kit_loop* l) { return l->readies > 0 && l->unturned == 0; }
int kit_has_closed(kit_loop* l) { return l->closed > 0; }
int kit_has_deadline(kit_loop* l) { return l->deadline_turns > 0; }
int kit_has_woken(kit_loop* l) { return l->woken_turns > 0; }

void kit_forget_reports(kit_loop* l) {
  l->readies = l->turns = l->ready_turns = l->deadline_turns = l->woken_turns = l->nested_turns = 0;
  l->unturned = l->calls = 0;
}

int kit_reported(const kit_loop* l, uint64_t token) {
  int count = 0;
  for (int i = 0; i < l->readies && i < KIT_REPORTS; ++i) count += l->reports[i].token == token;
  return count;
}

uint32_t kit_events(const kit_loop* l, uint64_t token) {
  uint32_t events = 0;
  for (int i = 0; i < l->readies && i < KIT_REPORTS; ++i)
    if (l->reports[i].token == token) events |= l->reports[i].events;
  return events;
}
