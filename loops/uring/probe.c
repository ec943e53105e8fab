/* SPDX-License-Identifier: MIT
 * Run when the build is configured: may a program make an io_uring here? */
#include <liburing.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  struct io_uring ring;
  const int code = io_uring_queue_init(8, &ring, 0);
  if (code < 0) {
    fputs(strerror(-code), stdout);
    return 1;
  }
  io_uring_queue_exit(&ring);
  return 0;
}
