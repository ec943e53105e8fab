// SPDX-License-Identifier: MIT
//
// Loop plug-ins as they lie in the build folder (POE_TEST_LOOP_DIR, from the build).
#pragma once

#include <poe/loop_kit.h>

#include <string>

namespace poe::test {

// Where the plug-in of a loop lies.
std::string plugin_file(const std::string& loop);

// A host program that this loop can be a guest of, or nullptr.
const poe_kit_foreign* host_for(const std::string& loop);

// The plug-in, opened for good; nullptr and the reason if it cannot be.
const poe_loop_plugin* open_plugin(const std::string& loop, std::string& why);

}  // namespace poe::test
