/* SPDX-License-Identifier: MIT
 *
 * Host programs of four kinds for the guest checks: plain code of each library, with no header of ours but the
 * kit's. Each function gives a static table; each is there only if its library was found. */
#ifndef POE_TESTS_FOREIGN_H
#define POE_TESTS_FOREIGN_H

#include <poe/loop_kit.h>

#ifdef __cplusplus
extern "C" {
#endif

const poe_kit_foreign* poe_foreign_uv(void);
const poe_kit_foreign* poe_foreign_event(void);
const poe_kit_foreign* poe_foreign_glib(void);
const poe_kit_foreign* poe_foreign_qt(void);

#ifdef __cplusplus
}
#endif

#endif /* POE_TESTS_FOREIGN_H */
