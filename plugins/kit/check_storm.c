/* SPDX-License-Identifier: MIT
 *
 * Group wake, second half: many threads, busy loops, run(). */
#include <errno.h>
#include <time.h>

#include "kit.h"

#define THREADS 8
#define ROUNDS 500

/* Work is counted up before each wake; a turn with WOKEN takes all there is. */
typedef struct storm {
  const poe_loop_ops* ops;
  poe_loop* loop;
  int made; /* atomic */
  int taken;
} storm;

static void* produce(void* argument) {
  storm* s = argument;
  for (int i = 0; i < ROUNDS; ++i) {
    __atomic_add_fetch(&s->made, 1, __ATOMIC_SEQ_CST);
    s->ops->wake(s->loop);
  }
  return NULL;
}

static void take_all(kit_loop* l, uint32_t reasons) {
  storm* s = (storm*)(intptr_t)l->number;
  if (reasons & POE_TURN_WOKEN) s->taken = __atomic_load_n(&s->made, __ATOMIC_SEQ_CST);
}

static int all_taken(kit_loop* l) { return ((storm*)(intptr_t)l->number)->taken == THREADS * ROUNDS; }

void kit_check_storm(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  storm s = {run->ops, l->loop, 0, 0};
  pthread_t threads[THREADS];
  l->number = (intptr_t)&s;
  l->on_turn = take_all;
  int started = 0;
  while (started < THREADS && pthread_create(&threads[started], NULL, produce, &s) == 0) ++started;
  kit_drive_really(l, all_taken, KIT_SOON);
  for (int i = 0; i < started; ++i) pthread_join(threads[i], NULL);
  KIT_EQUAL(run, "threads started", THREADS, started);
  KIT_EXPECT(run, kit_drive_really(l, all_taken, KIT_SOON),
             "%d wakes of 8 threads: expected a turn after the last, "
             "the last turn saw %d",
             THREADS * ROUNDS, s.taken);
}

static int twenty_turns(kit_loop* l) { return l->turns >= 20 || l->woken_turns > 0; }

static void beside_traffic(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  kit_drive(l, kit_has_ready, KIT_SOON);
  kit_forget_reports(l);
  kit_wake(l);
  kit_drive(l, twenty_turns, KIT_SOON);
  KIT_EXPECT(run, l->woken_turns > 0,
             "wake() beside a descriptor that is always ready: expected WOKEN within 20 turns");
}

static void stop_when_woken(kit_loop* l, uint32_t reasons) {
  if (reasons & POE_TURN_WOKEN) l->number = kit_stop(l);
}

static void* wake_soon(void* argument) {
  const struct timespec pause = {0, 3000000};
  kit_loop* l = argument;
  nanosleep(&pause, NULL);
  l->run->ops->wake(l->loop);
  return NULL;
}

static void ends_a_run(kit* run) {
  if (!kit_can(run, POE_CAP_RUN)) {
    kit_skip(run, "RUN is clear: the kernel steps");
    return;
  }
  kit_loop* l = kit_open(run);
  if (!l) return;
  if (kit_can(run, POE_CAP_OWN_CLOCK)) {
    kit_skip(run, "OWN_CLOCK is set: nobody waits in run()");
    return;
  }
  l->on_turn = stop_when_woken;
  pthread_t thread;
  KIT_EQUAL(run, "pthread_create()", 0, pthread_create(&thread, NULL, wake_soon, l));
  const int result = kit_run(l);
  pthread_join(thread, NULL);
  KIT_EQUAL(run, "run() that a wake and stop() end", 0, result);
  KIT_EQUAL(run, "stop() in the woken turn", 0, (int)l->number);
}

static const poe_kit_check kChecks[] = {
    {"wake.storm_of_eight_threads", "wake", "a turn begins after the last of any number of wakes, from any thread",
     KIT_OP(wake), 0, kit_check_storm},
    {"wake.beside_a_busy_descriptor", "wake", "a descriptor that is always ready does not starve wakes", KIT_OP(wake),
     0, beside_traffic},
    {"wake.reaches_a_waiting_run", "wake", "wake() from a thread ends the waiting in run()", KIT_OP(wake), 0,
     ends_a_run},
};

KIT_LIST(kit_storm_checks, kChecks)
