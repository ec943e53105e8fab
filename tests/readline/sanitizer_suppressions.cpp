// SPDX-License-Identifier: MIT
//
// Read by LeakSanitizer, where a build has it. Without words about it: a test's terminal may be stopped.

/// libtinfo keeps for good: eight octets of each tgetent(), which libedit calls for each line editor, and the state
/// new_prescr() makes at the start.
extern "C" [[gnu::visibility("default")]] const char* __lsan_default_suppressions() {
  return "leak:_nc_trim_sgr0\nleak:new_prescr\n";
}

extern "C" [[gnu::visibility("default")]] const char* __lsan_default_options() { return "print_suppressions=0"; }
