/* SPDX-License-Identifier: MIT
 *
 * The host program's own work, beside which a guest must live. */
#include <unistd.h>

#include "kit.h"

static void on_timer(void* argument) {
  kit_work* work = argument;
  ++work->timer;
  if (work->on_timer) work->on_timer(work);
}

static void on_reader(void* argument) {
  kit_work* work = argument;
  char byte = 0;
  if (read(work->fds[0], &byte, 1) == 1) ++work->reader;
}

int kit_work_start(kit* run, kit_work* work) {
  const poe_kit_foreign* foreign = run->target->foreign;
  const poe_sys* sys = kit_real_sys();
  if (sys->pipe(sys->ctx, work->fds) != 0 || foreign->add_timer(run->host, KIT_MS, on_timer, work) != 0 ||
      foreign->add_reader(run->host, work->fds[0], on_reader, work) != 0) {
    foreign->clear(run->host); /* the caller's `work` does not live on */
    kit_fail(run, "%s: expected the host's own timer and descriptor added, they could not be", foreign->name);
    return 0;
  }
  return 1;
}

void kit_work_end(kit* run, kit_work* work) {
  run->target->foreign->clear(run->host);
  close(work->fds[0]);
  close(work->fds[1]);
}

static void feed(kit_work* work) {
  const char byte = 'x';
  if (write(work->fds[1], &byte, 1) != 1) work->reader = -1000;
}

void kit_work_served(kit* run, kit_loop* l, kit_work* work, const char* when) {
  const int timers = work->timer, readers = work->reader;
  feed(work);
  for (int i = 0; i < 200 && (work->timer < timers + 2 || work->reader == readers); ++i) kit_host_run(l, 5 * KIT_MS);
  KIT_EXPECT(run, work->timer >= timers + 2, "%s: expected the host's own timer to fire, it did %d times", when,
             work->timer - timers);
  KIT_EXPECT(run, work->reader > readers, "%s: expected the host's own descriptor to be served, it was not", when);
}
