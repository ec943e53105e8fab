/* SPDX-License-Identifier: MIT
 *
 * The oracle: a loop plug-in over plain poll(2) that does what loop_abi.h says and nothing else, for reading beside it.
 *
 * Slow on purpose (every step builds its list anew, every look-up is a search): nothing here has to be believed.
 * The kit's mutants are this file with one line changed, so each line that keeps a promise is proved to be needed. */
#define _GNU_SOURCE /* ppoll, pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poe/loop_abi.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef struct watch {
  int fd;
  uint32_t interest;
  uint64_t token;
  uint64_t serial; /* each new watch has its own: what was collected for a forgotten one is known by it */
} watch;

struct poe_loop {
  poe_host host;
  int wake_pipe[2]; /* a byte in it: somebody has called wake() */
  watch* watches;
  size_t count;
  uint64_t serial;
  int64_t deadline;
  int depth;    /* steps under way, one inside the other */
  int unturned; /* ready() was called since the last turn() */
  int stopped;  /* stop() was called since the last run() ended */
  int closing;
};

static int64_t clock_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int refuse(const poe_host* host, int code, const char* text) {
  host->error(host->ctx, 0, code, code > -4096 ? -code : 0, text);
  return code;
}

static watch* find(poe_loop* loop, int fd) {
  for (size_t i = 0; i < loop->count; ++i)
    if (loop->watches[i].fd == fd) return &loop->watches[i];
  return NULL;
}

static int op_create(const poe_create* how, poe_loop** ret_loop) {
  if (how->struct_size < sizeof(poe_create) || how->host->struct_size < sizeof(poe_host))
    return refuse(how->host, POE_EABI, "a struct is smaller than that of version 1.0");
  if (how->foreign) return refuse(how->host, -ENOTSUP, "the oracle joins no host loop");
  poe_loop* loop = calloc(1, sizeof *loop);
  if (!loop) return refuse(how->host, -ENOMEM, "out of memory");
  if (pipe2(loop->wake_pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
    const int code = -errno;
    free(loop);
    return refuse(how->host, code, "no descriptors left for the wake-up pipe");
  }
  loop->host = *how->host;
  loop->deadline = POE_NEVER_NS;
  *ret_loop = loop;
  return 0;
}

static void op_abandon(poe_loop* loop) {
  close(loop->wake_pipe[0]);
  close(loop->wake_pipe[1]);
  free(loop->watches);
  free(loop);
}

static int op_close(poe_loop* loop) {
  loop->closing = 1;
  return 0;
}

static int forget(poe_loop* loop, int fd) {
  watch* old = find(loop, fd);
  if (old) *old = loop->watches[--loop->count];
  return 0;
}

static int op_watch(poe_loop* loop, poe_handle handle, uint32_t interest, uint64_t token) {
  if (handle < INT_MIN || handle > INT_MAX) return refuse(&loop->host, -EBADF, "not an int descriptor");
  const int fd = (int)handle;
  if (interest == 0) return forget(loop, fd);
  if (fcntl(fd, F_GETFD) < 0) return refuse(&loop->host, -EBADF, "not an open descriptor");
  watch* w = find(loop, fd);
  if (!w) {
    watch* more = realloc(loop->watches, (loop->count + 1) * sizeof *more);
    if (!more) return refuse(&loop->host, -ENOMEM, "out of memory");
    loop->watches = more;
    w = &loop->watches[loop->count++];
    *w = (watch){fd, 0, 0, ++loop->serial};
  }
  w->interest = interest;
  w->token = token;
  return 0;
}

static int op_arm(poe_loop* loop, int64_t deadline_ns) {
  loop->deadline = deadline_ns;
  return 0;
}

/* Any thread, also inside a signal handler. A full pipe says it already. */
static int op_wake(poe_loop* loop) {
  const int kept = errno;
  const ssize_t written = write(loop->wake_pipe[1], "", 1);
  const int code = written < 0 && errno != EAGAIN ? -errno : 0;
  errno = kept;
  return code;
}

static void drain(poe_loop* loop) {
  char bytes[256];
  while (read(loop->wake_pipe[0], bytes, sizeof bytes) > 0) continue;
}

static short asked(uint32_t interest) {
  return (short)((interest & POE_READ ? POLLIN : 0) | (interest & POE_WRITE ? POLLOUT : 0) |
                 (interest & POE_PRIORITY ? POLLPRI : 0));
}

/* An error or a hang-up goes with every asked direction: who reads or writes will learn it. */
static uint32_t told(int revents, uint32_t interest) {
  uint32_t events = 0;
  if (revents & POLLIN) events |= POE_READ;
  if (revents & POLLOUT) events |= POE_WRITE;
  if (revents & POLLPRI) events |= POE_PRIORITY;
  events &= interest;
  if (revents & (POLLERR | POLLHUP | POLLNVAL)) events |= interest & (POE_READ | POE_WRITE);
  if (revents & (POLLERR | POLLNVAL)) events |= POE_ERROR;
  if (revents & POLLHUP) events |= POE_HANGUP;
  return events;
}

static int64_t wait_ns(const poe_loop* loop, int64_t max_wait_ns) {
  if (loop->deadline == POE_NEVER_NS) return max_wait_ns;
  const int64_t now = clock_ns();
  const int64_t left = loop->deadline <= now ? 0 : loop->deadline - now;
  return left < max_wait_ns ? left : max_wait_ns;
}

static int take_due(poe_loop* loop) {
  if (loop->deadline == POE_NEVER_NS) return 0;
  if (clock_ns() < loop->deadline) return 0;
  loop->deadline = POE_NEVER_NS;
  return 1;
}

/* What one step collected: the wake-up pipe first, then every watch of that moment. */
typedef struct batch {
  struct pollfd* polled;
  uint64_t* serials;
  size_t count;
} batch;

static int collect(const poe_loop* loop, batch* b) {
  b->count = loop->count + 1;
  b->polled = calloc(b->count, sizeof *b->polled);
  b->serials = calloc(b->count, sizeof *b->serials);
  if (!b->polled || !b->serials) return -ENOMEM;
  b->polled[0].fd = loop->wake_pipe[0];
  b->polled[0].events = POLLIN;
  for (size_t i = 1; i < b->count; ++i) {
    const watch* w = &loop->watches[i - 1];
    b->polled[i].fd = w->fd;
    b->polled[i].events = asked(w->interest);
    b->serials[i] = w->serial;
  }
  return 0;
}

/* The number of ready() calls. */
static int report(poe_loop* loop, const batch* b) {
  int calls = 0;
  for (size_t i = 1; i < b->count && !loop->closing; ++i) {
    const watch* w = b->polled[i].revents ? find(loop, b->polled[i].fd) : NULL;
    if (!w || w->serial != b->serials[i]) continue;
    const uint32_t events = told(b->polled[i].revents, w->interest);
    if (!events) continue;
    ++calls;
    loop->unturned = 1;
    loop->host.ready(loop->host.ctx, w->token, events);
  }
  return calls;
}

/* The number of turn() calls. */
static int turn(poe_loop* loop, int woken) {
  uint32_t reasons = 0;
  if (loop->unturned) reasons |= POE_TURN_READY;
  if (woken) reasons |= POE_TURN_WOKEN;
  if (take_due(loop)) reasons |= POE_TURN_DEADLINE;
  if (!reasons) return 0;
  loop->unturned = 0;
  loop->host.turn(loop->host.ctx, reasons);
  return 1;
}

static int deliver(poe_loop* loop, const batch* b) {
  int calls = report(loop, b);
  if (loop->closing) return calls;
  const int woken = b->polled[0].revents != 0;
  if (woken) drain(loop); /* before the turn: what comes during it is the next one's */
  calls += turn(loop, woken);
  return calls;
}

static int wait_and_deliver(poe_loop* loop, const batch* b, int64_t max_wait_ns) {
  const int64_t wait = wait_ns(loop, max_wait_ns);
  const struct timespec limit = {(time_t)(wait / 1000000000), (long)(wait % 1000000000)};
  const int count = ppoll(b->polled, b->count, wait == POE_NEVER_NS ? NULL : &limit, NULL);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  return deliver(loop, b);
}

/* The loop is gone before closed() is called. */
static int end(poe_loop* loop) {
  const poe_host host = loop->host;
  op_abandon(loop);
  host.closed(host.ctx);
  return 1;
}

static int op_step(poe_loop* loop, int64_t max_wait_ns) {
  if (loop->closing) return loop->depth == 0 ? end(loop) : 0;
  batch b = {NULL, NULL, 0};
  ++loop->depth;
  int result = collect(loop, &b);
  if (result == 0) result = wait_and_deliver(loop, &b, max_wait_ns);
  --loop->depth;
  free(b.polled);
  free(b.serials);
  return result;
}

static int op_run(poe_loop* loop) {
  int result = 0;
  while (!loop->stopped && !loop->closing && result >= 0) result = op_step(loop, POE_NEVER_NS);
  loop->stopped = 0;
  return result < 0 ? result : 0;
}

static int op_stop(poe_loop* loop) {
  loop->stopped = 1;
  return 0;
}

static int64_t op_now(poe_loop* loop) {
  (void)loop;
  return clock_ns();
}

static const poe_loop_ops kOps = {sizeof(poe_loop_ops),
                                  0,
                                  op_create,
                                  op_close,
                                  op_abandon,
                                  op_watch,
                                  op_arm,
                                  op_wake,
                                  op_step,
                                  op_run,
                                  op_stop,
                                  op_now,
                                  NULL,
                                  NULL,
                                  NULL};

#define BIT(capability) (UINT64_C(1) << (capability))
static const poe_loop_plugin kPlugin = {POE_LOOP_MAGIC,
                                        sizeof(poe_loop_plugin),
                                        POE_LOOP_ABI_MAJOR,
                                        POE_LOOP_ABI_MINOR,
                                        "oracle",
                                        "1.0.0",
                                        "poll(2)",
                                        "POSIX",
                                        "MIT",
                                        "",
                                        {BIT(POE_CAP_NESTED_STEP) | BIT(POE_CAP_PRIORITY) | BIT(POE_CAP_HANGUP_BIT) |
                                             BIT(POE_CAP_ERROR_BIT) | BIT(POE_CAP_RUN) | BIT(POE_CAP_REGULAR_FILES) |
                                             BIT(POE_CAP_SUB_MS) | BIT(POE_CAP_FORK_ABANDON) | BIT(POE_CAP_LINEAR_WAIT),
                                         0},
                                        NULL,
                                        NULL,
                                        &kOps};

__attribute__((visibility("default"))) const poe_loop_plugin* poe_loop_entry(void) { return &kPlugin; }

/* What the loader reads before it runs any code of ours. */
static const struct {
  uint32_t name_size, note_size, type;
  char owner[4];
  poe_loop_note note;
} kNote __attribute__((section(".note.poe.loop"), used, aligned(8))) = {
    sizeof POE_LOOP_NOTE_NAME,
    sizeof(poe_loop_note),
    POE_LOOP_NOTE_TYPE,
    POE_LOOP_NOTE_NAME,
    {POE_LOOP_MAGIC, sizeof(poe_loop_note), POE_LOOP_ABI_MAJOR, POE_LOOP_ABI_MINOR, "oracle", "1.0.0", ""}};
