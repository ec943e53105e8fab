// SPDX-License-Identifier: MIT
//
// Read by LeakSanitizer, where a build has it.

/// libtinfo's tgetent(), which libedit calls for each line editor, keeps eight octets of each for good.
extern "C" [[gnu::visibility("default")]] const char* __lsan_default_suppressions() { return "leak:_nc_trim_sgr0\n"; }
