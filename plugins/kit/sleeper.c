/* SPDX-License-Identifier: MIT
 *
 * A child that does nothing, and keeps a copy of every descriptor the program has. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

int kit_wait_for(kit* run, pid_t pid, int* ret_status) {
  pid_t got = 0;
  while ((got = waitpid(pid, ret_status, 0)) < 0 && errno == EINTR) continue;
  if (got < 0) kit_fail(run, "waitpid() for the program's own child: expected its status, got: %s", strerror(errno));
  return got == pid;
}

static void sleep_until_closed(int fd) {
  while (poll(&(struct pollfd){fd, POLLIN, 0}, 1, -1) < 0 && errno == EINTR) continue;
  _exit(0);
}

int kit_sleeper_begin(kit* run, kit_sleeper* ret_sleeper) {
  int ends[2]; /* of the process, whatever world the loop has */
  if (pipe(ends) != 0) {
    kit_fail(run, "pipe(): expected two descriptors, got: %s", strerror(errno));
    return 0;
  }
  ret_sleeper->pid = fork();
  if (ret_sleeper->pid == 0) {
    close(ends[1]);
    sleep_until_closed(ends[0]);
  }
  close(ends[0]);
  ret_sleeper->hold = ends[1];
  if (ret_sleeper->pid > 0) return 1;
  kit_fail(run, "fork(): expected a child, got: %s", strerror(errno));
  close(ends[1]);
  return 0;
}

int kit_sleeper_end(kit* run, const kit_sleeper* sleeper) {
  int status = 0;
  close(sleeper->hold);
  return kit_wait_for(run, sleeper->pid, &status);
}
