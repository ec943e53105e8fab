/* SPDX-License-Identifier: MIT */
#include "layout.h"

#include <poe/loop_abi.h>
#include <poe/sys_abi.h>

static const layout_row kRows[] = {
#include "layout.inc"
};

const layout_row* poe_layout_c(size_t* ret_count) {
  *ret_count = sizeof kRows / sizeof kRows[0];
  return kRows;
}

const char* poe_layout_c_sys_name(void) { return POE_SYS_NAME; }
const char* poe_layout_c_note_name(void) { return POE_LOOP_NOTE_NAME; }
