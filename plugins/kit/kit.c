/* SPDX-License-Identifier: MIT
 *
 * The list of checks, and running one of them. */
#include "kit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef kit_list kit_group(void);

static kit_group* const kGroups[] = {kit_load_checks,  kit_ending_checks, kit_descriptor_checks,
                                     kit_edge_checks,  kit_time_checks,   kit_wake_checks,
                                     kit_drive_checks, kit_guest_checks,  kit_fork_checks};
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
void kit_fail(kit* run, const char* format, ...) {
  if (run->result == POE_KIT_FAIL) return;
  run->result = POE_KIT_FAIL;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(run->text, sizeof run->text, format, arguments);
  va_end(arguments);
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
  kit_fail(l->run, "after close(): expected closed() while the loop is driven, got none in 2 s");
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

poe_kit_result poe_kit_run(const poe_kit_check* check, const poe_kit_target* target, char* ret_text, size_t text_size) {
  kit run;
  if (!target->plugin || !target->plugin->ops) {
    snprintf(ret_text, text_size, "the plug-in has no ops: nothing can be checked");
    return POE_KIT_FAIL;
  }
  kit_begin(&run, target);
  check->body(&run);
  kit_end(&run);
  snprintf(ret_text, text_size, "%s", run.text);
  return (poe_kit_result)run.result;
}
