// SPDX-License-Identifier: MIT
//
// What the poe command's exit codes mean; `poe help` prints the same list.
#pragma once

namespace poe::tool {

enum ExitCode : int {
  kDone = 0,
  kFailed = 1,  ///< the thing asked for did not succeed
  kUsage = 2,   ///< the command line makes no sense
  kNoLoop = 3,  ///< no usable event loop was found
};

inline constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 what was asked for failed, 2 wrong command line, 3 no usable event loop.";

}  // namespace poe::tool
