/* SPDX-License-Identifier: MIT
 *
 * Group idle: what a loop costs when nothing happens, and when something does.
 *
 * The limits are wide: a busy machine and a sanitizer stay below them, a loop that polls or spins does not. CPU time is
 * that of the whole process, so that a plug-in's threads count. */
#define _GNU_SOURCE /* RUSAGE_SELF's ru_nvcsw */
#include <errno.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <time.h>

#include "kit.h"

static int64_t cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (int64_t)t.tv_sec * 1000 * KIT_MS + t.tv_nsec;
}

static long sleeps(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nvcsw;
}

/* Looks on for 150 ms in which nothing may happen. */
static void costs_nothing(kit* run, kit_loop* l, const char* when) {
  const int64_t cpu = cpu_ns();
  const long slept = sleeps();
  int steps = 0;
  const int calls = kit_idle(l, 150 * KIT_MS, &steps);
  const int64_t used = cpu_ns() - cpu;
  const long woken = sleeps() - slept;
  KIT_EXPECT(run, calls == 0, "150 ms idle %s: expected no call, got %d", when, calls);
  KIT_EXPECT(run, steps <= 10, "150 ms idle %s: expected step() to wait, it returned %d times", when, steps);
  KIT_EXPECT(run, used < 30 * KIT_MS, "150 ms idle %s: expected less than 30 ms of CPU, got %lld ns", when,
             (long long)used);
  KIT_EXPECT(run, woken < 50, "150 ms idle %s: expected less than 50 wake-ups of the process, got %ld", when, woken);
}

void kit_check_idle_costs_nothing(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (uint64_t i = 0; i < 5; ++i) {
    if (kit_pipe(l, l->pair)) return;
    kit_watch(l, l->pair[0], POE_READ, i);
  }
  kit_arm(l, kit_now(l) + 3600000 * KIT_MS);
  costs_nothing(run, l, "with five watches and a far deadline");
}

static void nothing_at_all(kit* run) {
  kit_loop* l = kit_open(run);
  if (l) costs_nothing(run, l, "with no watch and no deadline");
}

static int thousand(kit_loop* l) { return l->readies >= 1000 && !l->unturned; }

static void after_work(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, thousand, 4 * KIT_SOON), "a pipe that nobody reads: expected 1000 reports, got %d",
             l->readies);
  kit_take(l, l->pair[0]);
  for (int i = 0; i < 100; ++i) kit_wake(l);
  kit_idle(l, 2 * KIT_MS, NULL);
  costs_nothing(run, l, "after 1000 reports and 100 wakes");
}

/* Watches that would be ready at once, taken away by the kernel while nobody may have them. */
static void paused(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pair(l, l->pair) || kit_pipe(l, l->other)) return;
  kit_watch(l, l->pair[0], POE_WRITE, 1);
  kit_watch(l, l->other[0], POE_READ, 2);
  kit_close_fd(l, l->other[1]);
  kit_drive(l, kit_has_ready, KIT_SOON);
  kit_watch(l, l->pair[0], 0, 0);
  kit_watch(l, l->other[0], 0, 0);
  kit_idle(l, KIT_MS, NULL);
  costs_nothing(run, l, "with a writable and a hung-up descriptor forgotten");
}

#define SAMPLES 40

/* A thread that wakes, and waits for its turn before the next. */
typedef struct pinger {
  const poe_loop_ops* ops;
  poe_loop* loop;
  int64_t sent; /* atomic: when the last wake was made; 0: it has had its turn */
  int64_t took[SAMPLES];
  int count;      /* atomic */
  sem_t answered; /* posted once a wake has had its turn */
} pinger;

static void sleep_us(long us) {
  const struct timespec pause = {0, us * 1000};
  nanosleep(&pause, NULL);
}

static int enough(pinger* p) { return __atomic_load_n(&p->count, __ATOMIC_SEQ_CST) >= SAMPLES; }

/* For at most a second: a wake may be lost, and the next one is another sample. */
static void await_answer(pinger* p) {
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  ++end.tv_sec;
  int result = 0;
  while (__atomic_load_n(&p->sent, __ATOMIC_SEQ_CST) && !enough(p) && (result == 0 || errno == EINTR))
    result = sem_timedwait(&p->answered, &end);
}

static void* ping(void* argument) {
  pinger* p = argument;
  for (int i = 0; i < 10 * SAMPLES && !enough(p); ++i) {
    sleep_us(1500);
    __atomic_store_n(&p->sent, kit_real_now(), __ATOMIC_SEQ_CST);
    p->ops->wake(p->loop);
    await_answer(p);
  }
  return NULL;
}

static void pong(kit_loop* l, uint32_t reasons) {
  pinger* p = (pinger*)(intptr_t)l->number;
  const int64_t sent = __atomic_exchange_n(&p->sent, 0, __ATOMIC_SEQ_CST);
  if (sent) sem_post(&p->answered);
  if (!(reasons & POE_TURN_WOKEN) || !sent || p->count >= SAMPLES) return;
  p->took[p->count] = kit_real_now() - sent;
  __atomic_add_fetch(&p->count, 1, __ATOMIC_SEQ_CST);
}

static int all_pongs(kit_loop* l) { return ((pinger*)(intptr_t)l->number)->count >= SAMPLES; }

static int64_t best_of(const int64_t* values, int count) {
  int64_t best = INT64_MAX;
  for (int i = 0; i < count; ++i)
    if (values[i] < best) best = values[i];
  return best;
}

/* 1: said. */
static int owns_clock(kit* run) {
  if (kit_can(run, POE_CAP_OWN_CLOCK)) kit_skip(run, "OWN_CLOCK is set: real time says nothing about this loop");
  return kit_can(run, POE_CAP_OWN_CLOCK);
}

static void wake_latency(kit* run) {
  kit_loop* l = owns_clock(run) ? NULL : kit_open(run);
  if (!l) return;
  pinger p = {0};
  p.ops = run->ops;
  p.loop = l->loop;
  l->number = (intptr_t)&p;
  KIT_EQUAL(run, "sem_init()", 0, sem_init(&p.answered, 0, 0));
  l->on_turn = pong;
  pthread_t thread;
  KIT_EQUAL(run, "pthread_create()", 0, pthread_create(&thread, NULL, ping, &p));
  kit_drive_really(l, all_pongs, 2 * KIT_SOON);
  const int count = p.count;
  __atomic_store_n(&p.count, SAMPLES, __ATOMIC_SEQ_CST);
  sem_post(&p.answered); /* nobody answers any more */
  pthread_join(thread, NULL);
  sem_destroy(&p.answered);
  KIT_EXPECT(run, count >= SAMPLES / 2, "%d wakes from a thread: expected their turns, got %d", SAMPLES, count);
  const int64_t best = best_of(p.took, count);
  KIT_EXPECT(run, best < KIT_MS, "from wake() to its turn: expected less than 1 ms, the best of %d took %lld ns", count,
             (long long)best);
}

static void lateness(kit* run) {
  kit_loop* l = owns_clock(run) ? NULL : kit_open(run);
  if (!l) return;
  int64_t late[20];
  for (int i = 0; i < 20; ++i) {
    const int64_t deadline = kit_now(l) + 3 * KIT_MS + 100000;
    kit_forget_reports(l);
    kit_arm(l, deadline);
    KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "a deadline in 3.1 ms: expected a turn, got none");
    late[i] = l->turn_time - deadline;
  }
  const int64_t best = best_of(late, 20);
  const int64_t most = kit_can(run, POE_CAP_SUB_MS) ? KIT_MS : 2500000;
  KIT_EXPECT(run, best < most, "deadlines in 3.1 ms: expected them less than %lld ns late, the best of 20 was %lld ns",
             (long long)most, (long long)best);
}

static void cost_of_reports(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  const int64_t cpu = cpu_ns();
  KIT_EXPECT(run, kit_drive(l, thousand, 4 * KIT_SOON), "a pipe that nobody reads: expected 1000 reports, got %d",
             l->readies);
  const int64_t each = (cpu_ns() - cpu) / l->readies;
  KIT_EXPECT(run, each < 300000, "a report and its turn: expected less than 0.3 ms of CPU, got %lld ns",
             (long long)each);
}

static void cost_of_watches(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  const int64_t cpu = cpu_ns();
  for (uint64_t i = 0; i < 2000; ++i) {
    kit_watch(l, l->pair[0], POE_READ, i);
    kit_watch(l, l->pair[0], 0, 0);
  }
  const int64_t each = (cpu_ns() - cpu) / 2000;
  KIT_EXPECT(run, each < 300000, "watch() and forget: expected less than 0.3 ms of CPU, got %lld ns", (long long)each);
}

#define EQUALS 11

static int sixty_turns(kit_loop* l) { return l->turns >= 60; }

/* All are ready all the time. */
void kit_check_fair(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (uint64_t i = 0; i < EQUALS; ++i) {
    if (kit_pipe(l, l->pair)) return;
    kit_watch(l, l->pair[0], POE_READ, i);
    kit_put(l, l->pair[1]);
  }
  kit_drive(l, sixty_turns, 4 * KIT_SOON);
  for (uint64_t i = 0; i < EQUALS; ++i) {
    const int share = kit_reported(l, i);
    KIT_EXPECT(run, share * EQUALS * 2 >= (l->readies < KIT_REPORTS ? l->readies : KIT_REPORTS),
               "11 descriptors that are always ready, %d reports: expected a fair share for each, number %d got %d",
               l->readies, (int)i, share);
  }
}

static const poe_kit_check kChecks[] = {
    {"idle.empty_loop_costs_nothing", "idle", "a loop without work uses no CPU and wakes nobody", KIT_MANNERS(6), 0,
     nothing_at_all},
    {"idle.watches_and_deadline_cost_nothing", "idle", "waiting uses no CPU and wakes nobody", KIT_MANNERS(6), 0,
     kit_check_idle_costs_nothing},
    {"idle.after_work_costs_nothing", "idle", "after work a loop is as quiet as before", KIT_MANNERS(6), 0, after_work},
    {"idle.paused_watches_cost_nothing", "idle", "what is forgotten wakes nobody, ready or hung up", KIT_OP(watch), 0,
     paused},
    {"idle.wake_is_prompt", "idle", "a wake reaches a waiting loop in less than a millisecond", KIT_MANNERS(7), 0,
     wake_latency},
    {"idle.deadlines_are_prompt", "idle", "a deadline is hardly late on a quiet machine", KIT_MANNERS(7), 0, lateness},
    {"idle.report_is_cheap", "idle", "a report and its turn cost little", KIT_MANNERS(7), 0, cost_of_reports},
    {"idle.watch_is_cheap", "idle", "watching and forgetting cost little", KIT_MANNERS(7), 0, cost_of_watches},
    {"idle.fair_between_descriptors", "idle", "descriptors that are always ready have a share each", KIT_MANNERS(7), 0,
     kit_check_fair},
};

KIT_LIST(kit_idle_checks, kChecks)
