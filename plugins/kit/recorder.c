/* SPDX-License-Identifier: MIT
 *
 * The host side of a loop under check: notes every call, and whether it was legal to make it now. */
#include "recorder.h"
#include "kit.h"

#include <stdio.h>
#include <string.h>

static const uint32_t kEvents = POE_READ | POE_WRITE | POE_PRIORITY | POE_ERROR | POE_HANGUP;
static const uint32_t kReasons = POE_TURN_READY | POE_TURN_DEADLINE | POE_TURN_WOKEN | POE_TURN_NESTED;

static void enter(kit_loop* l, const char* what) {
  kit* run = l->run;
  if (!pthread_equal(pthread_self(), run->thread))
    kit_breach(run, KIT_HEADER("loop-thread tag of poe_host"),
               "%s: expected on create()'s thread only, it came on another", what);
  if (l->closed) kit_breach(run, KIT_HOST(closed), "%s: expected nothing after closed(), it came", what);
  if (l->abandoned) kit_breach(run, KIT_OP(abandon), "%s: expected nothing after abandon(), it came", what);
  if (run->op)
    kit_breach(run, KIT_HEADER("callback tag of poe_loop_ops"), "%s: expected no call from inside %s(), it came", what,
               run->op);
  if (run->driving == 0)
    kit_breach(run, KIT_OP(step), "%s: expected no call while nobody drives the loop, it came", what);
  if (run->driving > 0 && run->depth >= run->driving)
    kit_breach(run, KIT_HOST(turn), "%s: expected no call from inside another callback, it came", what);
  ++run->depth;
  ++l->calls;
}

/* A guest's host runs until told: told as soon as the check has what it waits for. */
static void leave(kit_loop* l) {
  kit* run = l->run;
  --run->depth;
  if (run->host && l->done && l->done(l)) run->target->foreign->stop(run->host);
}

static void on_ready(void* ctx, uint64_t token, uint32_t events) {
  kit_loop* l = ctx;
  enter(l, "ready()");
  if (l->closing) kit_breach(l->run, KIT_OP(close), "ready(): expected none after close(), it came");
  if ((events & kEvents) == 0 || (events & ~kEvents) != 0)
    kit_breach(l->run, KIT_HOST(ready), "ready(): expected known event bits, got 0x%x", events);
  if (l->readies < KIT_REPORTS) {
    const kit_report report = {token, events, l->turns};
    l->reports[l->readies] = report;
  }
  ++l->readies;
  ++l->unturned;
  if (l->on_ready) l->on_ready(l, token, events);
  leave(l);
}

static void judge_reasons(kit_loop* l, uint32_t reasons) {
  if ((reasons & ~POE_TURN_NESTED) == 0 || (reasons & ~kReasons) != 0)
    kit_breach(l->run, KIT_HOST(turn), "turn(): expected known reasons, at least one, got 0x%x", reasons);
  if ((reasons & POE_TURN_READY) && !l->unturned && !l->broken)
    kit_breach(l->run, KIT_HOST(turn), "turn(): expected POE_TURN_READY only after ready(), it came without");
  if (!(reasons & POE_TURN_READY) && l->unturned)
    kit_breach(l->run, KIT_HOST(turn), "turn(): expected POE_TURN_READY after %d ready(), it is not set", l->unturned);
  if ((reasons & POE_TURN_NESTED) && !kit_can(l->run, POE_CAP_NESTED_REPORT))
    kit_breach(l->run, KIT_CAP(NESTED_REPORT), "turn(): expected no POE_TURN_NESTED without NESTED_REPORT, it is set");
}

static void on_turn(void* ctx, uint32_t reasons) {
  kit_loop* l = ctx;
  enter(l, "turn()");
  if (l->closing) kit_breach(l->run, KIT_OP(close), "turn(): expected none after close(), it came");
  judge_reasons(l, reasons);
  l->turn_time = kit_now(l);
  l->unturned = 0;
  l->broken = 0;
  ++l->turns;
  l->ready_turns += (reasons & POE_TURN_READY) != 0;
  l->deadline_turns += (reasons & POE_TURN_DEADLINE) != 0;
  l->woken_turns += (reasons & POE_TURN_WOKEN) != 0;
  l->nested_turns += (reasons & POE_TURN_NESTED) != 0;
  if (l->on_turn) l->on_turn(l, reasons);
  leave(l);
}

static void on_closed(void* ctx) {
  kit_loop* l = ctx;
  enter(l, "closed()");
  if (!l->closing) kit_breach(l->run, KIT_HOST(closed), "closed(): expected none without close(), it came");
  ++l->closed;
  l->loop = NULL;
  leave(l);
}

static void on_host_gone(void* ctx) {
  kit_loop* l = ctx;
  kit_breach(l->run, KIT_HOST(host_gone), "host_gone(): expected none while the host loop is alive, it came");
}

static void on_error(void* ctx, uint64_t token, int32_t code, int32_t os_error, const char* text) {
  kit_loop* l = ctx;
  (void)os_error;
  if (code >= 0) kit_breach(l->run, KIT_HOST(error), "error(): expected a negative code, got %d", code);
  if (!text || !*text) kit_breach(l->run, KIT_HOST(error), "error(): expected a text for code %d, got none", code);
  l->broken += token != 0;
  ++l->errors;
  l->error_code = code;
  snprintf(l->error_text, sizeof l->error_text, "%s", text ? text : "");
}

static void on_log(void* ctx, int32_t level, const char* text) {
  kit_loop* l = ctx;
  if (level < POE_LOG_DEBUG || level > POE_LOG_ERROR || !text)
    kit_breach(l->run, KIT_HOST(log), "log(): expected a level of 0 to 3 and a text, got %d", level);
}

static const void* no_extension(void* ctx, const char* name) {
  (void)ctx;
  (void)name;
  return NULL;
}

void kit_recorder_host(kit_loop* l) {
  const poe_host host = {sizeof(poe_host), POE_LOOP_ABI_MINOR, l,        on_ready, on_turn,
                         on_closed,        on_host_gone,       on_error, on_log,   no_extension};
  l->host = host;
}
