// SPDX-License-Identifier: MIT
#include <poe/loop_abi.h>
#include <poe/sys_abi.h>

#include "layout.h"

namespace {
const layout_row kRows[] = {
#include "layout.inc"
};
}  // namespace

extern "C" const layout_row* poe_layout_cpp(size_t* ret_count) {
  *ret_count = sizeof kRows / sizeof kRows[0];
  return kRows;
}
