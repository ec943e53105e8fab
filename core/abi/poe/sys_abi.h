/* SPDX-License-Identifier: MIT
 *
 * poe.sys/1: every system call that wheels, pipes and drivers make, as one replaceable table.
 *
 * The real one is the default. A loop may offer its own through extension("poe.sys/1"): the simulated loop
 * carries a whole in-memory world behind it, and tests inject faults by wrapping it. Descriptors of one table
 * mean nothing to another.
 *
 * Conventions: a result of 0 or more is success, otherwise -errno. All descriptors made here are non-blocking
 * and close-on-exec. No call blocks, none raises SIGPIPE. Constants (domains, socket levels, open flags) are the
 * platform's. Thread: as the descriptor's owner, usually the loop thread; `clock` any thread. `ctx` is the
 * table's own and goes back as the first argument of every call.
 */
#ifndef POE_SYS_ABI_H
#define POE_SYS_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define POE_SYS_NAME "poe.sys/1"

/* What kind() answers. */
#define POE_KIND_OTHER 0
#define POE_KIND_REGULAR 1 /* a regular file: always ready */
#define POE_KIND_STREAM 2  /* a stream socket */
#define POE_KIND_DGRAM 3   /* a datagram or sequenced-packet socket */
#define POE_KIND_PIPE 4
#define POE_KIND_TERMINAL 5
#define POE_KIND_DIRECTORY 6

/* For clock(). */
#define POE_CLOCK_MONOTONIC 0 /* never steps back; the one deadlines use */
#define POE_CLOCK_REALTIME 1  /* wall time since 1970-01-01 UTC */

/* Laid out as struct iovec. */
typedef struct poe_iovec {
  void* base;
  uint64_t size;
} poe_iovec;

/* One datagram, or one message on a stream. `address_size` is in/out on receiving. */
typedef struct poe_message {
  uint32_t struct_size;
  uint32_t flags; /* in: MSG_*; out: MSG_TRUNC and the like */
  void* address;  /* a sockaddr, or NULL */
  uint32_t address_size;
  uint32_t part_count;
  const poe_iovec* parts;
} poe_message;

/* A child to start. Borrowed until spawn() returns. */
typedef struct poe_spawn {
  uint32_t struct_size;
  uint32_t flags;          /* reserved, zero */
  const char* path;        /* the program; searched in PATH if it has no slash */
  const char* const* argv; /* NULL-terminated, argv[0] included */
  const char* const* envp; /* NULL-terminated; NULL: inherit */
  const char* directory;   /* working directory; NULL: inherit */
  const int32_t* stdio;    /* three descriptors for 0, 1, 2; -1: /dev/null, -2: inherit. NULL: inherit all */
} poe_spawn;

/* How a child ended. */
typedef struct poe_exit {
  uint32_t struct_size;
  int32_t code;   /* exit status, 0..255, if signal is 0 */
  int32_t signal; /* the signal that ended it, or 0 */
  int32_t core;   /* 1 if it dumped core */
} poe_exit;

typedef struct poe_sys {
  uint32_t struct_size;
  uint32_t reserved; /* zero */
  void* ctx;

  int (*socket)(void* ctx, int domain, int type, int protocol);                    /* descriptor */
  int (*socketpair)(void* ctx, int domain, int type, int protocol, int* ret_pair); /* two of them */
  int (*bind)(void* ctx, int fd, const void* address, uint32_t size);
  int (*listen)(void* ctx, int fd, int backlog);
  int (*accept)(void* ctx, int fd, void* ret_address, uint32_t* size);   /* descriptor; -EAGAIN if none waits */
  int (*connect)(void* ctx, int fd, const void* address, uint32_t size); /* -EINPROGRESS: wait for WRITE */
  int (*getsockname)(void* ctx, int fd, void* ret_address, uint32_t* size);
  int (*getpeername)(void* ctx, int fd, void* ret_address, uint32_t* size);
  int (*getsockopt)(void* ctx, int fd, int level, int name, void* ret_value, uint32_t* size);
  int (*setsockopt)(void* ctx, int fd, int level, int name, const void* value, uint32_t size);

  int64_t (*readv)(void* ctx, int fd, const poe_iovec* parts, int count);  /* bytes; 0: end of file */
  int64_t (*writev)(void* ctx, int fd, const poe_iovec* parts, int count); /* bytes taken */
  int64_t (*recvmsg)(void* ctx, int fd, poe_message* message);
  int64_t (*sendmsg)(void* ctx, int fd, const poe_message* message); /* sockets; never raises SIGPIPE */
  int (*shutdown)(void* ctx, int fd, int how);                       /* SHUT_RD, SHUT_WR, SHUT_RDWR */
  int (*close)(void* ctx, int fd);

  int (*pipe)(void* ctx, int* ret_pair); /* [0] reads what [1] writes */
  int (*kind)(void* ctx, int fd);        /* POE_KIND_* */
  int (*prepare)(void* ctx, int fd);     /* makes an inherited descriptor non-blocking */
  int (*open)(void* ctx, const char* path, int flags, int mode);
  int64_t (*pread)(void* ctx, int fd, void* ret_bytes, uint64_t size, int64_t offset);

  int (*spawn)(void* ctx, const poe_spawn* what, int64_t* ret_pid);
  int (*wait)(void* ctx, int64_t pid, poe_exit* ret_exit); /* 1: ended and reaped; 0: still running */
  int (*child_fd)(void* ctx, int64_t pid); /* descriptor readable once it ended; -ENOSYS: there is none */

  int64_t (*clock)(void* ctx, int which); /* POE_CLOCK_*, nanoseconds */
} poe_sys;

#ifdef __cplusplus
}
#endif

#endif /* POE_SYS_ABI_H */
