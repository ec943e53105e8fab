// SPDX-License-Identifier: MIT
//
// A small correct loop on poll(2), and the same loop broken in one chosen way: the proof that each check of the
// conformance kit can fail. The way is an option of create(): "fault" = one of mini_faults().
#pragma once

#include <poe/loop_abi.h>

#include <string_view>
#include <vector>

namespace poe::test {

// A fault, and the check that must catch it.
struct MiniFault {
  const char* name;
  const char* caught_by;
};

const poe_loop_plugin& mini_loop();
const std::vector<MiniFault>& mini_faults();

}  // namespace poe::test
