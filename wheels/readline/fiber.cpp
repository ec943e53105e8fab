// SPDX-License-Identifier: MIT
#include "fiber.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>
#include <utility>

// Sanitizers keep books of the stack that is in use, and must be told when it is another one. g++ says so by macros,
// clang by features.
#if defined(__has_feature)
#define POE_SANITIZES(feature) __has_feature(feature)
#else
#define POE_SANITIZES(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || POE_SANITIZES(thread_sanitizer)
#define POE_FIBER_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__SANITIZE_ADDRESS__) || POE_SANITIZES(address_sanitizer)
#define POE_FIBER_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace poe {
namespace {

constexpr std::size_t kStackSize = 256 * 1024;  // touched as far as it is used

std::size_t page_size() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

// Always inline: a function that is entered on one stack and left on another would confuse them.
#define POE_INLINE [[gnu::always_inline]] inline

#ifdef POE_FIBER_TSAN
POE_INLINE void* new_shadow() { return __tsan_create_fiber(0); }
POE_INLINE void* this_shadow() { return __tsan_get_current_fiber(); }
POE_INLINE void switch_shadow(void* to) { __tsan_switch_to_fiber(to, 0); }
POE_INLINE void drop_shadow(void* shadow) { __tsan_destroy_fiber(shadow); }
#else
POE_INLINE void* new_shadow() { return nullptr; }
POE_INLINE void* this_shadow() { return nullptr; }
POE_INLINE void switch_shadow(void*) {}
POE_INLINE void drop_shadow(void*) {}
#endif

// Before a switch to the stack at `bottom`, and behind it. `own`: what AddressSanitizer keeps of the stack that is
// left; null when it is left for good.
#ifdef POE_FIBER_ASAN
POE_INLINE void leaving(void** own, const void* bottom, std::size_t size) {
  __sanitizer_start_switch_fiber(own, bottom, size);
}
POE_INLINE void arrived(void* own, const void** bottom, std::size_t* size) {
  __sanitizer_finish_switch_fiber(own, bottom, size);
}
#else
POE_INLINE void leaving(void**, const void*, std::size_t) {}
POE_INLINE void arrived(void*, const void**, std::size_t*) {}
#endif

}  // namespace

Fiber::Fiber() {
  void* const memory =
      ::mmap(nullptr, kStackSize + page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  ::mprotect(memory, page_size(), PROT_NONE);  // an overflow ends the program rather than spoil it
  stack_ = memory;
}

Fiber::~Fiber() { ::munmap(stack_, kStackSize + page_size()); }

void* Fiber::bottom() const noexcept { return static_cast<char*>(stack_) + page_size(); }

void Fiber::enter(unsigned high, unsigned low) {
  auto* const self =
      reinterpret_cast<Fiber*>(static_cast<std::uintptr_t>((static_cast<std::uint64_t>(high) << 32) | low));
  arrived(nullptr, &self->outside_bottom_, &self->outside_size_);
  self->body_();
  self->running_ = false;
  leaving(nullptr, self->outside_bottom_, self->outside_size_);
  switch_shadow(self->outside_tsan_);
  ::setcontext(&self->outside_);
}

void Fiber::start(Fn<void()> body) {
  body_ = std::move(body);
  running_ = true;
  ::getcontext(&inside_);
  inside_.uc_stack.ss_sp = bottom();
  inside_.uc_stack.ss_size = kStackSize;
  inside_.uc_link = nullptr;
  const auto self = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(this));
  // makecontext() hands over ints, and says so by this type.
  ::makecontext(&inside_, reinterpret_cast<void (*)()>(&Fiber::enter), 2, static_cast<unsigned>(self >> 32),
                static_cast<unsigned>(self));
  inside_tsan_ = new_shadow();
  switch_in();
}

void Fiber::resume() { switch_in(); }

void Fiber::switch_in() {
  outside_tsan_ = this_shadow();
  void* own = nullptr;
  leaving(&own, bottom(), kStackSize);
  switch_shadow(inside_tsan_);
  ::swapcontext(&outside_, &inside_);
  arrived(own, nullptr, nullptr);
  if (!running_) {
    drop_shadow(inside_tsan_);
    body_ = nullptr;
  }
}

void Fiber::leave() {
  void* own = nullptr;
  leaving(&own, outside_bottom_, outside_size_);
  switch_shadow(outside_tsan_);
  ::swapcontext(&inside_, &outside_);
  arrived(own, &outside_bottom_, &outside_size_);  // resumed, maybe from deeper or from another stack
}

}  // namespace poe
