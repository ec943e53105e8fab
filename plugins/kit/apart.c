/* SPDX-License-Identifier: MIT
 *
 * One check in a process of its own, so that a plug-in that hangs or crashes fails one check, by name.
 *
 * The outcome comes back through a shared page; the end of the child shows as the end of a pipe that it holds. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "kit.h"
#include "poe/loop_kit_run.h"

/* What parent and child share. Pointers to static texts mean the same in both: the child is a copy. */
typedef struct page {
  poe_kit_outcome outcome;
  const char* doing; /* the call under way */
  int done;          /* the outcome is whole */
} page;

static void be_the_child(const poe_kit_check* check, const poe_kit_target* target, page* shared, pid_t parent,
                         int end_of_pipe) {
  setpgid(0, 0); /* so that children of its own end with it */
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* and it with us */
#endif
  if (getppid() == parent) kit_judge(check, target, &shared->doing, &shared->outcome);
  shared->done = 1;
  _exit(write(end_of_pipe, "", 1) == 1 ? 0 : 1); /* said aloud: a child of its own may hold the pipe open */
}

/* Whether it has, with its status still to be had. */
static int has_ended(pid_t pid) {
  siginfo_t info = {0};
  return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* 1: the child has ended (or has said its last word); 0: the time is up. One that crashed may have left a child that
 * holds the pipe: so it is looked for as well, ten times a second. */
static int wait_for_end(pid_t pid, int end_of_pipe, int64_t limit_ns) {
  const int64_t end = kit_real_now() + limit_ns;
  for (;;) {
    const int64_t left_ms = (end - kit_real_now() + KIT_MS - 1) / KIT_MS;
    if (left_ms <= 0) return has_ended(pid);
    struct pollfd watched = {end_of_pipe, POLLIN, 0};
    if (poll(&watched, 1, left_ms > 100 ? 100 : (int)left_ms) > 0 || has_ended(pid)) return 1;
  }
}

static void blame(page* shared, const char* what, double number, const char* unit) {
  poe_kit_outcome* o = &shared->outcome;
  const char* doing = shared->doing ? shared->doing : "no call of the plug-in";
  o->result = POE_KIT_FAIL;
  snprintf(o->text, sizeof o->text, "expected the check to end by itself; it %s %g%s, under way: %s", what, number,
           unit, doing);
}

static void judge_end(page* shared, int in_time, int status, int64_t limit_ns) {
  if (!in_time)
    blame(shared, "was killed after", (double)limit_ns / 1e9, " s");
  else if (WIFSIGNALED(status))
    blame(shared, "died of signal", WTERMSIG(status), "");
  else if (!shared->done)
    blame(shared, "left the process with exit code", WEXITSTATUS(status), "");
}

static void supervise(pid_t pid, int end_of_pipe, int64_t limit_ns, page* shared) {
  const int in_time = wait_for_end(pid, end_of_pipe, limit_ns);
  if (!in_time) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  kill(-pid, SIGKILL); /* children it left behind */
  judge_end(shared, in_time, status, limit_ns);
}

static void run_child(const poe_kit_check* check, const poe_kit_target* target, int64_t limit_ns, page* shared) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    blame(shared, "could not be started: pipe2() gave errno", errno, "");
    return;
  }
  const pid_t parent = getpid();
  fflush(NULL); /* or the child writes it a second time */
  const pid_t pid = fork();
  if (pid == 0) be_the_child(check, target, shared, parent, ends[1]);
  close(ends[1]);
  if (pid > 0) supervise(pid, ends[0], limit_ns, shared);
  if (pid < 0) blame(shared, "could not be started: fork() gave errno", errno, "");
  close(ends[0]);
}

/* The guest checks of a loop that joins hosts need a host; other loops refuse, which needs none. */
static int lacks_host(const poe_kit_check* check, const poe_kit_target* target) {
  const int joins = (int)((target->plugin->capabilities[0] >> POE_CAP_FOREIGN) & 1u);
  return check->needs_host && joins && !target->foreign;
}

void poe_kit_judge_apart(const poe_kit_check* check, const poe_kit_target* target, int64_t limit_ns,
                         poe_kit_outcome* ret_outcome) {
  memset(ret_outcome, 0, sizeof *ret_outcome);
  ret_outcome->check = check;
  ret_outcome->contract = check->contract;
  if (lacks_host(check, target)) {
    ret_outcome->result = POE_KIT_NO_HOST;
    snprintf(ret_outcome->text, sizeof ret_outcome->text, "FOREIGN is declared, but there is no adapter to a host");
    return;
  }
  page* shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    ret_outcome->result = POE_KIT_FAIL;
    snprintf(ret_outcome->text, sizeof ret_outcome->text, "expected a shared page, mmap() gave: %s", strerror(errno));
    return;
  }
  shared->outcome = *ret_outcome;
  const int64_t start = kit_real_now();
  run_child(check, target, limit_ns > 0 ? limit_ns : POE_KIT_DEFAULT_LIMIT_NS, shared);
  *ret_outcome = shared->outcome;
  ret_outcome->took_ns = kit_real_now() - start;
  munmap(shared, sizeof *shared);
}
