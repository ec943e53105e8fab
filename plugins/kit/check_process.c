/* SPDX-License-Identifier: MIT
 *
 * Group process: what belongs to the program stays the program's: signals, children, streams, settings. */
#define _GNU_SOURCE /* F_DUPFD_CLOEXEC */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

static int all_kinds(kit_loop* l) { return l->readies && l->deadline_turns && l->woken_turns && !l->unturned; }

/* Everything used once: a report, a deadline, a wake. */
static kit_loop* used_loop(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return NULL;
  kit_watch(l, l->pair[0], POE_READ, 1);
  kit_put(l, l->pair[1]);
  kit_arm(l, kit_now(l) + KIT_MS);
  kit_wake(l);
  for (int i = 0; i < 50 && !all_kinds(l); ++i) kit_drive(l, all_kinds, 20 * KIT_MS);
  kit_take(l, l->pair[0]);
  if (!all_kinds(l)) kit_fail(run, "a report, a deadline and a wake: expected all three");
  return l;
}

static void end_of(kit_loop* l) {
  kit_watch(l, l->pair[0], 0, 0);
  kit_close(l);
  kit_drive(l, kit_has_closed, KIT_SOON);
}

#define SIGNALS 65

static void signal_actions(struct sigaction* ret_actions) {
  memset(ret_actions, 0, SIGNALS * sizeof *ret_actions);
  for (int i = 1; i < SIGNALS; ++i) sigaction(i, NULL, &ret_actions[i]);
}

/* The C library adds SA_RESTORER to what it sets, also to an action that is put back. */
static int same_flags(const struct sigaction* a, const struct sigaction* b) {
  const int restorer = 0x04000000;
  return ((a->sa_flags ^ b->sa_flags) & ~restorer) == 0;
}

static void handlers_are_kept(kit* run) {
  struct sigaction before[SIGNALS], after[SIGNALS];
  signal_actions(before);
  kit_loop* l = used_loop(run);
  if (!l) return;
  signal_actions(after);
  for (int i = 1; i < SIGNALS; ++i)
    KIT_EXPECT(run, before[i].sa_handler == after[i].sa_handler && same_flags(&before[i], &after[i]),
               "signal %d: expected the program's own action, the loop has set another", i);
  end_of(l);
  signal_actions(after);
  for (int i = 1; i < SIGNALS; ++i)
    KIT_EXPECT(run, before[i].sa_handler == after[i].sa_handler, "signal %d: expected its action as before the loop",
               i);
}

static int blocked_signal(const sigset_t* before) {
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, NULL, &now);
  for (int i = 1; i < SIGNALS; ++i)
    if (sigismember(before, i) != sigismember(&now, i)) return i;
  return 0;
}

static void look_at_mask(kit_loop* l, uint32_t reasons) {
  (void)reasons;
  if (!l->number) l->number = blocked_signal((const sigset_t*)(intptr_t)l->seen);
}

static void mask_is_kept(kit* run) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  kit_loop* l = kit_open(run);
  if (!l) return;
  l->seen = (intptr_t)&before;
  l->on_turn = look_at_mask;
  kit_wake(l);
  kit_drive(l, kit_has_woken, KIT_SOON);
  KIT_EQUAL(run, "signal blocked or unblocked by the loop, in turn()", 0, (int)l->number);
  KIT_EQUAL(run, "signal blocked or unblocked by the loop, after a step", 0, blocked_signal(&before));
  kit_close(l);
  kit_drive(l, kit_has_closed, KIT_SOON);
  KIT_EQUAL(run, "signal blocked or unblocked by the loop, after its end", 0, blocked_signal(&before));
}

static volatile sig_atomic_t child_signals; /* counted by the handler; one check a process at a time */

static void count_child(int number) {
  (void)number;
  child_signals = child_signals + 1;
}

static pid_t leaving_child(int code) {
  const pid_t pid = fork();
  if (pid == 0) _exit(code);
  return pid;
}

#define CHILDREN 6

/* The program's children, ending while the loop is driven: each status is still there, and its handler ran. */
static void children_are_left(kit* run) {
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_handler = count_child;
  kit_loop* l = kit_open(run);
  if (!l) return;
  child_signals = 0;
  sigaction(SIGCHLD, &action, &before);
  pid_t pids[CHILDREN];
  for (int i = 0; i < CHILDREN; ++i) pids[i] = leaving_child(40 + i);
  for (int i = 0; i < 10; ++i) {
    kit_wake(l);
    kit_idle(l, 2 * KIT_MS, NULL);
  }
  int lost = 0, wrong = 0;
  for (int i = 0; i < CHILDREN; ++i) {
    int status = 0;
    pid_t got = 0;
    while ((got = waitpid(pids[i], &status, 0)) < 0 && errno == EINTR) continue;
    lost += got != pids[i];
    wrong += got == pids[i] && !(WIFEXITED(status) && WEXITSTATUS(status) == 40 + i);
  }
  const int seen = (int)child_signals;
  sigaction(SIGCHLD, &before, NULL);
  KIT_EQUAL(run, "children of the program that the loop has reaped", 0, lost);
  KIT_EQUAL(run, "children whose exit status is not theirs", 0, wrong);
  KIT_EXPECT(run, seen > 0, "SIGCHLD: expected the program's own handler called, it was not");
}

/* Stops this process again and again, and continues it, while it is somewhere in its loop. */
static pid_t stopping_child(void) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  for (int i = 0; i < 5; ++i) {
    usleep(2000);
    kill(parent, SIGSTOP);
    usleep(1000);
    kill(parent, SIGCONT);
  }
  _exit(0);
}

static void note_continued(int number) { (void)number; }

/* Drives the loop while it is stopped and continued. With a handler for SIGCONT the wait is interrupted, too. */
static void be_stopped(kit_loop* l, int handled) {
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_continued;
  if (handled) sigaction(SIGCONT, &action, &before);
  const pid_t pid = stopping_child();
  int status = 0;
  pid_t got = 0;
  while (pid > 0 && ((got = waitpid(pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)))
    kit_idle(l, 5 * KIT_MS, NULL);
  if (handled) sigaction(SIGCONT, &before, NULL);
  if (got < 0 || pid < 0) kit_fail(l->run, "a child that stops this process: expected its status, got errno %d", errno);
}

/* As by Ctrl-Z and `fg`: what was watched before still is, and everything else comes as ever. */
static void goes_on_after_a_stop(kit* run) {
  kit_loop* l = kit_open(run);
  if (!l || kit_pipe(l, l->pair)) return;
  KIT_EQUAL(run, "watch() of a pipe", 0, kit_watch(l, l->pair[0], POE_READ, 1));
  for (int handled = 0; handled < 2; ++handled) {
    kit_forget_reports(l);
    be_stopped(l, handled);
    KIT_EXPECT(run, !l->errors, "stopped and continued: expected no error(), got: %s", l->error_text);
    KIT_EQUAL(run, "reports while nothing is written", 0, l->readies);
    kit_put(l, l->pair[1]);
    KIT_EXPECT(run, kit_drive(l, kit_has_ready, KIT_SOON), "stopped and continued: expected READ, got none");
    kit_take(l, l->pair[0]);
    kit_arm(l, kit_now(l) + KIT_MS);
    KIT_EXPECT(run, kit_drive(l, kit_has_deadline, KIT_SOON), "stopped and continued: expected a deadline, got none");
    kit_wake(l);
    KIT_EXPECT(run, kit_drive(l, kit_has_woken, KIT_SOON), "stopped and continued: expected a WOKEN turn, got none");
  }
}

static void makes_no_child(kit* run) {
  if (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD) {
    kit_skip(run, "this process has children of its own: the loop's could not be told apart");
    return;
  }
  kit_loop* l = used_loop(run);
  if (!l) return;
  const pid_t got = waitpid(-1, NULL, WNOHANG);
  KIT_EXPECT(run, got < 0 && errno == ECHILD, "children made by the loop: expected none, got one");
}

static volatile sig_atomic_t storm_signals;

static void count_storm(int number) {
  (void)number;
  storm_signals = storm_signals + 1;
}

static void* send_storm(void* argument) {
  const pthread_t* target = argument;
  for (int i = 0; i < 200; ++i) {
    pthread_kill(*target, SIGUSR2);
    usleep(50);
  }
  return NULL;
}

/* Interrupted again and again, the loop loses neither deadline nor wake nor report. */
static void signals_lose_nothing(kit* run) {
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_handler = count_storm;
  storm_signals = 0;
  sigaction(SIGUSR2, &action, &before);
  pthread_t thread;
  const int failed = pthread_create(&thread, NULL, send_storm, &run->thread);
  kit_loop* l = used_loop(run);
  if (!failed) pthread_join(thread, NULL);
  sigaction(SIGUSR2, &before, NULL);
  KIT_EQUAL(run, "pthread_create()", 0, failed);
  KIT_EXPECT(run, l && storm_signals > 0, "200 signals: expected the program's handler called, it was not");
}

/* Descriptors 1 and 2 go to a file for a while. */
typedef struct silence {
  int file, out, err;
} silence;

static int begin_silence(silence* s) {
  char path[] = "/tmp/poe-kit-XXXXXX";
  s->file = mkstemp(path);
  if (s->file < 0) return 0;
  unlink(path);
  fflush(NULL);
  s->out = fcntl(1, F_DUPFD_CLOEXEC, 3);
  s->err = fcntl(2, F_DUPFD_CLOEXEC, 3);
  dup2(s->file, 1);
  dup2(s->file, 2);
  return 1;
}

/* How many bytes were printed; `text` gets the first of them. */
static int end_silence(silence* s, char* text, size_t size) {
  fflush(NULL);
  const off_t length = lseek(s->file, 0, SEEK_END);
  const ssize_t got = pread(s->file, text, size - 1, 0);
  text[got > 0 ? got : 0] = '\0';
  dup2(s->out, 1);
  dup2(s->err, 2);
  close(s->out);
  close(s->err);
  close(s->file);
  return (int)length;
}

static void prints_nothing(kit* run) {
  silence s;
  char text[200];
  if (!begin_silence(&s)) {
    kit_skip(run, "no temporary file could be made to catch output in");
    return;
  }
  kit_loop* l = used_loop(run);
  if (l) {
    kit_watch(l, 900, POE_READ, 1);
    kit_watch(l, -1, POE_READ, 1);
    end_of(l);
  }
  const int printed = end_silence(&s, text, sizeof text);
  KIT_EXPECT(run, printed == 0, "standard output and error: expected nothing printed, got %d bytes: %s", printed, text);
}

/* The descriptors a loop makes for itself: those that were not open before. */
static void close_on_exec(kit* run) {
  char was_open[1024];
  for (int fd = 0; fd < 1024; ++fd) was_open[fd] = fcntl(fd, F_GETFD) >= 0;
  kit_loop* l = kit_open(run);
  if (!l) return;
  for (int fd = 0; fd < 1024; ++fd) {
    const int flags = was_open[fd] ? FD_CLOEXEC : fcntl(fd, F_GETFD);
    KIT_EXPECT(run, flags < 0 || (flags & FD_CLOEXEC),
               "descriptor %d, made by create(): expected close-on-exec, it would go to every child", fd);
  }
}

static void settings_are_kept(kit* run) {
  char cwd[4096], cwd_after[4096];
  const char* locale = setlocale(LC_ALL, NULL);
  char* locale_before = locale ? strdup(locale) : NULL;
  const mode_t mask = umask(022);
  struct rlimit files, files_after;
  umask(mask);
  getrlimit(RLIMIT_NOFILE, &files);
  const char* there = getcwd(cwd, sizeof cwd);
  kit_loop* l = used_loop(run);
  const char* here = getcwd(cwd_after, sizeof cwd_after);
  const mode_t mask_after = umask(mask);
  getrlimit(RLIMIT_NOFILE, &files_after);
  const char* locale_after = setlocale(LC_ALL, NULL);
  const int same_locale = !locale_before || !locale_after || strcmp(locale_before, locale_after) == 0;
  free(locale_before);
  if (!l) return;
  KIT_EXPECT(run, same_locale, "the locale: expected the program's own, the loop has set another");
  KIT_EXPECT(run, !there || (here && strcmp(cwd, cwd_after) == 0), "the working folder: expected the program's own");
  KIT_EXPECT(run, mask == mask_after, "umask: expected %o, got %o", (unsigned)mask, (unsigned)mask_after);
  KIT_EXPECT(run, files.rlim_cur == files_after.rlim_cur, "the limit of descriptors: expected the program's own");
}

static const poe_kit_check kChecks[] = {
    {"process.signal_actions_are_kept", "process", "no signal handler of the program's is replaced, none installed",
     KIT_MANNERS(1), 0, handlers_are_kept},
    {"process.signal_mask_is_kept", "process", "no signal is blocked or unblocked on the loop thread", KIT_MANNERS(1),
     0, mask_is_kept},
    {"process.signals_lose_nothing", "process", "a step that signals interrupt loses nothing", KIT_OP(step), 0,
     signals_lose_nothing},
    {"process.goes_on_after_a_stop", "process", "a process that is stopped and continued loses nothing", KIT_OP(step),
     0, goes_on_after_a_stop},
    {"process.children_are_left_alone", "process", "children of the program's are not reaped; its SIGCHLD handler runs",
     KIT_MANNERS(2), 0, children_are_left},
    {"process.makes_no_child", "process", "a loop starts no process", KIT_MANNERS(2), 0, makes_no_child},
    {"process.descriptors_close_on_exec", "process", "a loop's own descriptors do not go to children", KIT_MANNERS(3),
     0, close_on_exec},
    {"process.prints_nothing", "process", "plug-ins never print, not even as they refuse", KIT_HEADER("Errors"), 0,
     prints_nothing},
    {"process.settings_are_kept", "process", "working folder, umask, locale and limits stay the program's",
     KIT_MANNERS(4), 0, settings_are_kept},
};

KIT_LIST(kit_process_checks, kChecks)
