// SPDX-License-Identifier: MIT
//
// The same without a library: a line through libstdc++, one epoll call.
#include <sys/epoll.h>
#include <unistd.h>

#include <iostream>

int main() {
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  std::cout << "hello\n" << std::flush;
  epoll_event event{};
  const int ready = epoll_wait(poller, &event, 1, 0);
  close(poller);
  return ready == 0 ? 0 : 1;
}
