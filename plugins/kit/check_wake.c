/* SPDX-License-Identifier: MIT
 *
 * Group wake: from the loop thread, other threads, signal handlers; never lost. */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kit.h"

static void before_step(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  KIT_EQUAL(run, "wake()", 0, kit_wake(l));
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "wake() before step(): expected a WOKEN turn, got %d turns",
             l->turns);
  KIT_EQUAL(run, "calls after it", 0, kit_idle(l, KIT_IDLE, NULL));
}

static void coalesces(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (int i = 0; i < 1000; ++i) KIT_EQUAL(run, "wake()", 0, kit_wake(l));
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "1000 times wake(): expected a WOKEN turn, got none");
  kit_idle(l, KIT_MS, NULL);
  KIT_EXPECT(run, l->turns <= 1000, "1000 times wake(): expected at most 1000 turns, got %d", l->turns);
  KIT_EQUAL(run, "calls once it has calmed down", 0, kit_idle(l, KIT_IDLE, NULL));
}

static void wake_once(kit_loop* l) {
  if (l->number++ == 0) kit_wake(l);
}
static void wake_in_turn(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  wake_once(l);
}
static void wake_in_ready(kit_loop* l, uint64_t token, uint32_t events) {
  (void)token;
  (void)events;
  wake_once(l);
}

static int two_woken(kit_loop* l) { return l->woken_turns >= 2; }

void kit_check_wake_in_turn(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->on_turn = wake_in_turn;
  kit_wake(l);
  KIT_EXPECT(run, kit_drive(l, two_woken, KIT_SOON), "wake() in turn(): expected one more turn, got %d in all",
             l->woken_turns);
}

static void inside_ready(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  l->on_ready = wake_in_ready;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "wake() in ready(): expected a WOKEN turn, got none");
}

/* What a waking thread shares with the loop thread. */
typedef struct waker {
  const poe_loop_ops* ops;
  poe_loop* loop;
  int rounds;
  int64_t pause_ns; /* before the first wake */
  int made;         /* atomic: raised before each wake */
  int seen;         /* atomic: what a turn has seen of it */
  int alternate;    /* wait for each wake to be seen */
  int quit;         /* atomic: the loop thread gives up */
} waker;

static void* wake_from_thread(void* argument) {
  waker* w = argument;
  const struct timespec pause = {0, (long)w->pause_ns};
  nanosleep(&pause, NULL);
  for (int i = 1; i <= w->rounds; ++i) {
    __atomic_store_n(&w->made, i, __ATOMIC_SEQ_CST);
    w->ops->wake(w->loop);
    while (w->alternate && __atomic_load_n(&w->seen, __ATOMIC_SEQ_CST) < i &&
           !__atomic_load_n(&w->quit, __ATOMIC_SEQ_CST))
      sched_yield();
  }
  return NULL;
}

static void look(kit_loop* l, uint32_t reasons) {
  waker* w = (waker*)(intptr_t)l->number;
  if (reasons & POE_TURN_WOKEN)
    __atomic_store_n(&w->seen, __atomic_load_n(&w->made, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
}

static int all_seen(kit_loop* l) {
  waker* w = (waker*)(intptr_t)l->number;
  return __atomic_load_n(&w->seen, __ATOMIC_SEQ_CST) >= w->rounds;
}

/* Steps against real time: other threads know nothing of a loop's own clock. */
static void drive_really(kit_loop* l, kit_done* done) {
  const int64_t guard = kit_real_now() + 2 * KIT_SOON;
  while (!done(l) && !l->run->result && kit_real_now() < guard) {
    if (!kit_drive(l, done, 1000 * KIT_MS) && kit_can(l->run, POE_CAP_OWN_CLOCK)) sched_yield();
  }
}

static void woken_by_thread(kit* run, waker* w, const char* what) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  w->ops = run->ops;
  w->loop = l->loop;
  l->number = (intptr_t)w;
  l->on_turn = look;
  pthread_t thread;
  KIT_EQUAL(run, "pthread_create()", 0, pthread_create(&thread, NULL, wake_from_thread, w));
  const int64_t start = kit_real_now();
  drive_really(l, all_seen);
  __atomic_store_n(&w->quit, 1, __ATOMIC_SEQ_CST);
  pthread_join(thread, NULL);
  KIT_EXPECT(run, all_seen(l), "%s: expected a turn after the last of %d wakes, the last seen was %d", what, w->rounds,
             w->seen);
  /* A lost wake that only the end of a long step covers shows in the time. */
  KIT_EXPECT(run, kit_real_now() - start < 1000 * KIT_MS + w->rounds * KIT_MS,
             "%s: expected prompt turns, took %lld ns", what, (long long)(kit_real_now() - start));
  KIT_EQUAL(run, "calls once it has calmed down", 0, (kit_idle(l, KIT_MS, NULL), kit_idle(l, KIT_MS, NULL)));
}

void kit_check_thread_wakes(kit* run) {
  waker w = {0};
  w.rounds = 1;
  w.pause_ns = 2 * KIT_MS;
  woken_by_thread(run, &w, "wake() from a thread during step()");
}

static void alternating(kit* run) {
  waker w = {0};
  w.rounds = 2000;
  w.alternate = 1;
  woken_by_thread(run, &w, "2000 wakes, each awaited");
}

static void burst(kit* run) {
  waker w = {0};
  w.rounds = 2000;
  woken_by_thread(run, &w, "2000 wakes, none awaited");
}

static void handler(int number, siginfo_t* info, void* context) {
  (void)number;
  (void)context;
  const waker* w = info->si_value.sival_ptr;
  if (w) w->ops->wake(w->loop);
}

static void* signal_from_thread(void* argument) {
  const struct timespec pause = {0, 2000000};
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL); /* so that the loop's thread gets it */
  nanosleep(&pause, NULL);
  const union sigval value = {.sival_ptr = argument};
  sigqueue(getpid(), SIGUSR2, value);
  return NULL;
}

static int set_handler(struct sigaction* ret_before) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  return sigaction(SIGUSR2, &action, ret_before);
}

static void signal_wakes(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  waker w = {0};
  w.ops = run->ops;
  w.loop = l->loop;
  struct sigaction before;
  KIT_EQUAL(run, "sigaction()", 0, set_handler(&before));
  const union sigval value = {.sival_ptr = &w};
  sigqueue(getpid(), SIGUSR2, value);
  drive_really(l, kit_has_woken);
  const int before_step = l->woken_turns;
  kit_forget_reports(l);
  pthread_t thread;
  if (pthread_create(&thread, NULL, signal_from_thread, &w) == 0) {
    drive_really(l, kit_has_woken);
    pthread_join(thread, NULL);
  }
  sigaction(SIGUSR2, &before, NULL);
  KIT_EXPECT(run, before_step > 0, "wake() in a signal handler before step(): expected a turn, got none");
  KIT_EXPECT(run, l->woken_turns > 0, "wake() in a signal handler during step(): expected a turn, got none");
}

/* A signal that wakes nobody: the step ends early or waits on, but is no error. */
static void interrupted(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  struct sigaction before;
  KIT_EQUAL(run, "sigaction()", 0, set_handler(&before));
  pthread_t thread;
  const int failed = pthread_create(&thread, NULL, signal_from_thread, NULL);
  const int result = kit_step(l, 12 * KIT_MS);
  if (!failed) pthread_join(thread, NULL);
  sigaction(SIGUSR2, &before, NULL);
  KIT_EQUAL(run, "step() that a signal interrupts", 0, result);
  KIT_EQUAL(run, "calls for a signal that is not ours", 0, l->calls);
}

static const poe_kit_check kChecks[] = {
    {"wake.before_step", "wake", "a wake before step() gives a turn with WOKEN, once", before_step},
    {"wake.thousand_coalesce", "wake", "wakes coalesce: at least one turn, and an end of it", coalesces},
    {"wake.inside_turn", "wake", "a wake inside turn() gives another turn after it", kit_check_wake_in_turn},
    {"wake.inside_ready", "wake", "wake() is legal in ready()", inside_ready},
    {"wake.from_a_thread_ends_step", "wake", "wake() from any thread ends the waiting", kit_check_thread_wakes},
    {"wake.two_thousand_awaited", "wake", "no wake is lost between looking and waiting", alternating},
    {"wake.two_thousand_at_once", "wake", "a turn begins after the last of any number of wakes", burst},
    {"wake.from_a_signal_handler", "wake", "wake() is signal-safe, before and during step()", signal_wakes},
    {"drive.interrupted_step_is_no_error", "drive", "step() that a signal interrupts returns 0", interrupted},
};

KIT_LIST(kit_wake_checks, kChecks)
