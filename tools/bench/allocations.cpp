// SPDX-License-Identifier: MIT
//
// Counts allocations by standing in front of the C library's malloc family.
// Why: a tool such as valgrind counts too, but not in the same run, and not where the program itself can ask.
// The counter is the one global of this program: an interposed function has nowhere else to keep it. It is increased
// without a lock prefix, so that counting costs both sides nothing to speak of.
#include "allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* at, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

std::atomic<std::uint64_t> g_count{0};

void count() noexcept { g_count.store(g_count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

}  // namespace

std::uint64_t poe::bench::allocations() noexcept { return g_count.load(std::memory_order_relaxed); }

extern "C" {

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
  count();
  return __libc_calloc(number, size);
}
void* realloc(void* at, std::size_t size) {
  count();
  return __libc_realloc(at, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** ret, std::size_t alignment, std::size_t size) {
  count();
  void* const at = __libc_memalign(alignment, size);
  if (at == nullptr) return ENOMEM;
  *ret = at;
  return 0;
}

}  // extern "C"
