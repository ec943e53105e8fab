// SPDX-License-Identifier: MIT
//
// For tests of what is held: octets on the heap, mapped blocks included. What malloc keeps for a thread counts as used.
#pragma once

#include <malloc.h>

#include <cstddef>

#ifdef __SANITIZE_ADDRESS__
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // g++ has no header for it
#endif

namespace poe::test {

/// A constant where another allocator than the C library's is at work.
inline std::size_t heap_in_use() {
#ifdef __SANITIZE_ADDRESS__
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 all = mallinfo2();
  return all.uordblks + all.hblkhd;
#endif
}

}  // namespace poe::test
