/* SPDX-License-Identifier: MIT
 *
 * The list of checks, and running one of them. */
#include "kit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef kit_list kit_group(void);

static kit_group* const kGroups[] = {kit_load_checks,  kit_ending_checks, kit_descriptor_checks, kit_edge_checks,
                                     kit_kind_checks,  kit_time_checks,   kit_clock_checks,      kit_wake_checks,
                                     kit_storm_checks, kit_drive_checks,  kit_nesting_checks,    kit_modal_checks,
                                     kit_guest_checks, kit_host_checks,   kit_embed_checks,      kit_process_checks,
                                     kit_fork_checks,  kit_copy_checks,   kit_fault_checks,      kit_idle_checks};
static const size_t kGroupCount = sizeof(kGroups) / sizeof(kGroups[0]);

size_t poe_kit_count(void) {
  size_t count = 0;
  for (size_t i = 0; i < kGroupCount; ++i) count += kGroups[i]().count;
  return count;
}

const poe_kit_check* poe_kit_at(size_t index) {
  for (size_t i = 0; i < kGroupCount; ++i) {
    const kit_list list = kGroups[i]();
    if (index < list.count) return &list.checks[index];
    index -= list.count;
  }
  return NULL;
}

/* The first word counts: what follows a failure is usually its consequence. */
static void fail(kit* run, const char* contract, const char* format, va_list arguments) {
  if (run->result == POE_KIT_FAIL) return;
  run->result = POE_KIT_FAIL;
  run->contract = contract;
  vsnprintf(run->text, sizeof run->text, format, arguments);
}

void kit_fail(kit* run, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail(run, run->contract, format, arguments);
  va_end(arguments);
}

void kit_breach(kit* run, const char* contract, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail(run, contract, format, arguments);
  va_end(arguments);
}

void kit_adopt(kit* outer, const kit* inner) {
  if (inner->result == POE_KIT_FAIL) kit_breach(outer, inner->contract, "%s", inner->text);
  if (inner->result == POE_KIT_NOT_APPLICABLE) kit_skip(outer, "%s", inner->text);
}

void kit_skip(kit* run, const char* format, ...) {
  if (run->result != POE_KIT_PASS) return;
  run->result = POE_KIT_NOT_APPLICABLE;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(run->text, sizeof run->text, format, arguments);
  va_end(arguments);
}

void kit_begin(kit* run, const poe_kit_target* target) {
  memset(run, 0, sizeof *run);
  run->target = target;
  run->plugin = target->plugin;
  run->ops = target->plugin->ops;
  run->thread = pthread_self();
}

static void end_loop(kit_loop* l) {
  l->on_ready = NULL;
  l->on_turn = NULL;
  const int usable = l->loop && !l->closing;
  while (l->fd_count > 0) {
    const int fd = l->fds[l->fd_count - 1];
    if (usable) kit_watch(l, fd, 0, 0);
    kit_close_fd(l, fd);
  }
  if (usable) kit_close(l);
  if (!l->loop || kit_drive(l, kit_has_closed, KIT_SOON)) return;
  kit_breach(l->run, KIT_OP(close), "after close(): expected closed() while the loop is driven, got none in 2 s");
  if (!l->run->host) kit_abandon(l);
}

void kit_end(kit* run) {
  for (int i = 0; i < run->loop_count; ++i) end_loop(run->loops[i]);
  for (int i = 0; i < run->loop_count; ++i) {
    /* A guest that never closed still points at its recorder: better leaked than written to after free. */
    if (!run->loops[i]->loop) free(run->loops[i]);
  }
  run->loop_count = 0;
  if (run->host) run->target->foreign->destroy(run->host);
  run->host = NULL;
}

void kit_judge(const poe_kit_check* check, const poe_kit_target* target, const char** doing, poe_kit_outcome* ret) {
  const int64_t start = kit_real_now();
  kit run;
  memset(ret, 0, sizeof *ret);
  ret->check = check;
  ret->contract = check->contract;
  if (!target->plugin || !target->plugin->ops) {
    snprintf(ret->text, sizeof ret->text, "the plug-in has no ops: nothing can be checked");
    ret->result = POE_KIT_FAIL;
    return;
  }
  kit_begin(&run, target);
  run.contract = check->contract;
  run.doing = doing;
  if (!check->needs_host || kit_guest(&run)) check->body(&run);
  kit_end(&run);
  ret->result = (poe_kit_result)run.result;
  ret->contract = run.contract;
  ret->took_ns = kit_real_now() - start;
  snprintf(ret->text, sizeof ret->text, "%s", run.text);
}

void poe_kit_judge(const poe_kit_check* check, const poe_kit_target* target, poe_kit_outcome* ret_outcome) {
  kit_judge(check, target, NULL, ret_outcome);
}

poe_kit_result poe_kit_run(const poe_kit_check* check, const poe_kit_target* target, char* ret_text, size_t text_size) {
  poe_kit_outcome outcome;
  poe_kit_judge(check, target, &outcome);
  snprintf(ret_text, text_size, "%s", outcome.text);
  return outcome.result;
}
