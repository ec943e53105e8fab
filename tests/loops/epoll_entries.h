/* SPDX-License-Identifier: MIT
 *
 * How many descriptors an epoll set holds, as Linux tells it: for libraries that do not list what is in their loops. */
#ifndef POE_TESTS_EPOLL_ENTRIES_H
#define POE_TESTS_EPOLL_ENTRIES_H

#include <stdint.h>

/* 0 if `set` is no epoll set. */
int64_t poe_epoll_entries(int set);

#endif /* POE_TESTS_EPOLL_ENTRIES_H */
