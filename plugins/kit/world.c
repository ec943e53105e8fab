/* SPDX-License-Identifier: MIT
 *
 * Descriptors for the checks, always through a poe.sys/1 table: the loop's own, or the part of the real one that
 * the checks need.
 *
 * Why a real table here, beside the library's: the kit is for authors who link nothing of ours. */
#define _GNU_SOURCE /* accept4, pipe2 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kit.h"

static int or_errno(int result) { return result < 0 ? -errno : result; }

static int real_socket(void* ctx, int domain, int type, int protocol) {
  (void)ctx;
  return or_errno(socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}
static int real_socketpair(void* ctx, int domain, int type, int protocol, int* ret_pair) {
  (void)ctx;
  return or_errno(socketpair(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol, ret_pair));
}
static int real_bind(void* ctx, int fd, const void* address, uint32_t size) {
  (void)ctx;
  return or_errno(bind(fd, address, size));
}
static int real_listen(void* ctx, int fd, int backlog) {
  (void)ctx;
  return or_errno(listen(fd, backlog));
}
static int real_accept(void* ctx, int fd, void* ret_address, uint32_t* size) {
  (void)ctx;
  return or_errno(accept4(fd, ret_address, size, SOCK_NONBLOCK | SOCK_CLOEXEC));
}
static int real_connect(void* ctx, int fd, const void* address, uint32_t size) {
  (void)ctx;
  return or_errno(connect(fd, address, size));
}
static int real_getsockname(void* ctx, int fd, void* ret_address, uint32_t* size) {
  (void)ctx;
  return or_errno(getsockname(fd, ret_address, size));
}
static int real_setsockopt(void* ctx, int fd, int level, int name, const void* value, uint32_t size) {
  (void)ctx;
  return or_errno(setsockopt(fd, level, name, value, size));
}
static int64_t real_readv(void* ctx, int fd, const poe_iovec* parts, int count) {
  (void)ctx;
  const ssize_t result = readv(fd, (const struct iovec*)parts, count);
  return result < 0 ? -errno : result;
}
static int64_t real_writev(void* ctx, int fd, const poe_iovec* parts, int count) {
  (void)ctx;
  const ssize_t result = writev(fd, (const struct iovec*)parts, count);
  return result < 0 ? -errno : result;
}
static int64_t real_sendmsg(void* ctx, int fd, const poe_message* message) {
  (void)ctx;
  struct msghdr header;
  memset(&header, 0, sizeof header);
  header.msg_iov = (struct iovec*)(uintptr_t)message->parts;
  header.msg_iovlen = message->part_count;
  const ssize_t result = sendmsg(fd, &header, (int)message->flags | MSG_NOSIGNAL);
  return result < 0 ? -errno : result;
}
static int real_shutdown(void* ctx, int fd, int how) {
  (void)ctx;
  return or_errno(shutdown(fd, how));
}
static int real_close(void* ctx, int fd) {
  (void)ctx;
  return or_errno(close(fd));
}
static int real_pipe(void* ctx, int* ret_pair) {
  (void)ctx;
  return or_errno(pipe2(ret_pair, O_NONBLOCK | O_CLOEXEC));
}
static int real_open(void* ctx, const char* path, int flags, int mode) {
  (void)ctx;
  return or_errno(open(path, flags | O_CLOEXEC | O_NONBLOCK, mode));
}

const poe_sys* kit_real_sys(void) {
  static const poe_sys kReal = {.struct_size = sizeof(poe_sys),
                                .socket = real_socket,
                                .socketpair = real_socketpair,
                                .bind = real_bind,
                                .listen = real_listen,
                                .accept = real_accept,
                                .connect = real_connect,
                                .getsockname = real_getsockname,
                                .setsockopt = real_setsockopt,
                                .readv = real_readv,
                                .writev = real_writev,
                                .sendmsg = real_sendmsg,
                                .shutdown = real_shutdown,
                                .close = real_close,
                                .pipe = real_pipe,
                                .open = real_open};
  return &kReal;
}

int kit_keep(kit_loop* l, int fd) {
  if (fd >= 0 && l->fd_count < KIT_FDS) l->fds[l->fd_count++] = fd;
  return fd;
}

void kit_forget_fd(kit_loop* l, int fd) {
  for (int i = 0; i < l->fd_count; ++i) {
    if (l->fds[i] != fd) continue;
    l->fds[i] = l->fds[--l->fd_count];
    return;
  }
}

void kit_close_fd(kit_loop* l, int fd) {
  kit_forget_fd(l, fd);
  /* A loop's own world ends with the loop, and its descriptors with it. */
  if (l->loop || !l->own_world) l->sys->close(l->sys->ctx, fd);
}

static int keep_both(kit_loop* l, int result, const int* pair, const char* what) {
  if (result < 0) {
    kit_fail(l->run, "%s of the loop's world: expected 0, got %d", what, result);
    return result;
  }
  kit_keep(l, pair[0]);
  kit_keep(l, pair[1]);
  return 0;
}

int kit_pipe(kit_loop* l, int* ret_pair) {
  return keep_both(l, l->sys->pipe(l->sys->ctx, ret_pair), ret_pair, "pipe()");
}

int kit_pair(kit_loop* l, int* ret_pair) {
  const int result = l->sys->socketpair(l->sys->ctx, AF_UNIX, SOCK_STREAM, 0, ret_pair);
  return keep_both(l, result, ret_pair, "socketpair()");
}

int kit_listener(kit_loop* l, void* ret_address, uint32_t* size) {
  const poe_sys* sys = l->sys;
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = kit_keep(l, sys->socket(sys->ctx, AF_INET, SOCK_STREAM, 0));
  if (fd < 0) return fd;
  int result = sys->bind(sys->ctx, fd, &address, sizeof address);
  if (result >= 0) result = sys->listen(sys->ctx, fd, 8);
  if (result >= 0) result = sys->getsockname(sys->ctx, fd, ret_address, size);
  return result < 0 ? result : fd;
}

/* Waits for the connection with the loop itself: worlds without real time bring it only while driven. */
int kit_tcp(kit_loop* l, int* ret_pair) {
  const poe_sys* sys = l->sys;
  struct sockaddr_in address;
  uint32_t size = sizeof address;
  const int listener = kit_listener(l, &address, &size);
  if (listener < 0) return listener;
  ret_pair[0] = kit_keep(l, sys->socket(sys->ctx, AF_INET, SOCK_STREAM, 0));
  const int result = sys->connect(sys->ctx, ret_pair[0], &address, size);
  if (result < 0 && result != -EINPROGRESS) return result;
  kit_watch(l, listener, POE_READ, 1);
  kit_drive(l, kit_has_ready, KIT_SOON);
  kit_watch(l, listener, 0, 0);
  ret_pair[1] = kit_keep(l, sys->accept(sys->ctx, listener, NULL, NULL));
  kit_close_fd(l, listener);
  kit_forget_reports(l);
  return ret_pair[1] < 0 ? ret_pair[1] : 0;
}

int kit_put(kit_loop* l, int fd) {
  char byte = 'x';
  const poe_iovec part = {&byte, 1};
  return (int)l->sys->writev(l->sys->ctx, fd, &part, 1);
}

int kit_fill(kit_loop* l, int fd) {
  static char block[4096];
  const poe_iovec part = {block, sizeof block};
  int count = 0;
  for (int i = 0; i < 4096; ++i) {
    const int64_t taken = l->sys->writev(l->sys->ctx, fd, &part, 1);
    if (taken <= 0) break;
    count += (int)taken;
  }
  return count;
}

int kit_drain(kit_loop* l, int fd) {
  char block[4096];
  const poe_iovec part = {block, sizeof block};
  int count = 0;
  for (;;) {
    const int64_t taken = l->sys->readv(l->sys->ctx, fd, &part, 1);
    if (taken <= 0) return count;
    count += (int)taken;
  }
}

int kit_take(kit_loop* l, int fd) {
  char byte = 0;
  const poe_iovec part = {&byte, 1};
  return (int)l->sys->readv(l->sys->ctx, fd, &part, 1);
}

int kit_open_descriptors(void) {
  DIR* folder = opendir("/proc/self/fd");
  if (!folder) return -1;
  int count = 0;
  while (readdir(folder)) ++count;
  closedir(folder);
  return count;
}
