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

void kit_check_coalesces(kit* run) {
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
  int alternate;       /* await each wake's turn before the next */
  int64_t pause_ns;    /* before the first wake */
  int made;            /* atomic: raised before each wake */
  int seen;            /* atomic: what a turn has seen of it */
  int quit;            /* atomic: no further rounds */
  int64_t last, worst; /* when a turn last saw something new; the longest time between two of them */
  int64_t until;       /* real time at which the loop thread has seen enough */
} waker;

static int load(int* value) { return __atomic_load_n(value, __ATOMIC_SEQ_CST); }
static void store(int* value, int to) { __atomic_store_n(value, to, __ATOMIC_SEQ_CST); }

static void* wake_from_thread(void* argument) {
  waker* w = argument;
  const struct timespec pause = {0, (long)w->pause_ns};
  nanosleep(&pause, NULL);
  for (int i = 1; i <= w->rounds && !load(&w->quit); ++i) {
    store(&w->made, i);
    w->ops->wake(w->loop);
    while (w->alternate && load(&w->seen) < i && !load(&w->quit)) sched_yield();
  }
  return NULL;
}

static void look(kit_loop* l, uint32_t reasons) {
  waker* w = (waker*)(intptr_t)l->number;
  const int made = load(&w->made);
  if (!(reasons & POE_TURN_WOKEN) || made == w->seen) return;
  const int64_t now = kit_real_now();
  if (now - w->last > w->worst) w->worst = now - w->last;
  w->last = now;
  store(&w->seen, made);
}

static int seen_made(kit_loop* l) {
  waker* w = (waker*)(intptr_t)l->number;
  return load(&w->seen) >= load(&w->made);
}

/* A busy machine may need long for 2000 rounds: some hundreds tell as much. */
static int seen_enough(kit_loop* l) {
  const waker* w = (waker*)(intptr_t)l->number;
  return w->seen >= w->rounds || (w->seen > 0 && kit_real_now() > w->until);
}

/* Drives against real time: other threads know nothing of a loop's own clock. Gives up after 4 s without progress. */
static void drive_really(kit_loop* l, kit_done* done) {
  const int64_t start = kit_real_now();
  const waker* w = (waker*)(intptr_t)l->number;
  while (!done(l) && !l->run->result) {
    const int64_t progress = w && w->last > start ? w->last : start;
    if (kit_real_now() - progress > 2 * KIT_SOON) break;
    if (!kit_drive(l, done, 2 * KIT_SOON)) sched_yield();
  }
}

static void woken_by_thread(kit* run, waker* w, const char* what) {
  kit_loop* l = kit_open(run);
  if (!l) return;
  w->ops = run->ops;
  w->loop = l->loop;
  w->last = kit_real_now();
  w->until = w->last + 300 * KIT_MS;
  l->number = (intptr_t)w;
  l->on_turn = look;
  pthread_t thread;
  KIT_EQUAL(run, "pthread_create()", 0, pthread_create(&thread, NULL, wake_from_thread, w));
  drive_really(l, seen_enough);
  store(&w->quit, 1);
  pthread_join(thread, NULL);
  drive_really(l, seen_made);
  KIT_EXPECT(run, w->seen > 0 && seen_made(l), "%s: expected a turn after the last of %d wakes, the last seen was %d",
             what, w->made, w->seen);
  /* A wake that does not end the waiting shows in the time: steps were told to wait longer than this. */
  KIT_EXPECT(run, w->worst < 3000 * KIT_MS, "%s: expected prompt turns, one took %lld ns", what, (long long)w->worst);
  kit_idle(l, KIT_MS, NULL);
  KIT_EQUAL(run, "calls once it has calmed down", 0, kit_idle(l, KIT_MS, NULL));
}

void kit_check_thread_wakes(kit* run) {
  waker w = {0};
  w.rounds = 1;
  w.pause_ns = 2 * KIT_MS;
  woken_by_thread(run, &w, "wake() from a thread during step()");
}

void kit_check_alternating(kit* run) {
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

void kit_check_signal_wakes(kit* run) {
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
    {"wake.before_step", "wake", "a wake before step() gives a turn with WOKEN, once", KIT_OP(wake), 0, before_step},
    {"wake.thousand_coalesce", "wake", "wakes coalesce: at least one turn, and an end of it", KIT_OP(wake), 0,
     kit_check_coalesces},
    {"wake.inside_turn", "wake", "a wake inside turn() gives another turn after it", KIT_OP(wake), 0,
     kit_check_wake_in_turn},
    {"wake.inside_ready", "wake", "wake() is legal in ready()", KIT_OP(wake), 0, inside_ready},
    {"wake.from_a_thread_ends_step", "wake", "wake() from any thread ends the waiting", KIT_OP(wake), 0,
     kit_check_thread_wakes},
    {"wake.two_thousand_awaited", "wake", "no wake is lost between looking and waiting", KIT_OP(wake), 0,
     kit_check_alternating},
    {"wake.two_thousand_at_once", "wake", "a turn begins after the last of any number of wakes", KIT_OP(wake), 0,
     burst},
    {"wake.from_a_signal_handler", "wake", "wake() is signal-safe, before and during step()", KIT_OP(wake), 0,
     kit_check_signal_wakes},
    {"drive.interrupted_step_is_no_error", "drive", "step() that a signal interrupts returns 0", KIT_OP(step), 0,
     interrupted},
};

KIT_LIST(kit_wake_checks, kChecks)
