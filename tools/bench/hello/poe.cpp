// SPDX-License-Identifier: MIT
//
// The smallest program with a session, on epoll.
#include <cstdio>

#include "poe/open.hpp"

int main() {
  auto kernel = poe::open_kernel({.loop = "epoll"});
  if (!kernel) return 1;
  kernel->spawn(poe::Inline<int>(0).on(poe::start, [](int&, poe::Self&) { std::puts("hello"); }));
  return kernel->run() ? 0 : 1;
}
