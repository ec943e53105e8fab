/* SPDX-License-Identifier: MIT
 *
 * What one compiler makes of the ABI headers: a row for every line of layout.inc. Compiled once as C and once as C++.
 */
#ifndef POE_TESTS_LAYOUT_H
#define POE_TESTS_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct layout_row {
  const char* what; /* "poe_host.ctx offset" */
  int64_t pinned;
  int64_t actual;
} layout_row;

const layout_row* poe_layout_c(size_t* ret_count);
const layout_row* poe_layout_cpp(size_t* ret_count);

/* Strings of the headers, as C sees them. */
const char* poe_layout_c_sys_name(void);
const char* poe_layout_c_note_name(void);

#ifdef __cplusplus
}
#endif

#define ABI_SIZE(type, bytes) {#type " size", (bytes), (int64_t)sizeof(type)},
#define ABI_MEMBER(type, member, offset, bytes)                             \
  {#type "." #member " offset", (offset), (int64_t)offsetof(type, member)}, \
      {#type "." #member " size", (bytes), (int64_t)sizeof(((type*)0)->member)},
#define ABI_CONSTANT(name, value) {#name, (int64_t)(value), (int64_t)(name)},

#endif /* POE_TESTS_LAYOUT_H */
