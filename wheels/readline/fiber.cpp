// SPDX-License-Identifier: MIT
#include "fiber.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>
#include <utility>

// ThreadSanitizer keeps a shadow of each stack and must be told which is on.
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace poe {
namespace {

constexpr std::size_t kStackSize = 256 * 1024;  // touched as far as it is used

std::size_t page_size() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

#ifdef __SANITIZE_THREAD__
void* new_shadow() { return __tsan_create_fiber(0); }
void* this_shadow() { return __tsan_get_current_fiber(); }
void switch_shadow(void* to) { __tsan_switch_to_fiber(to, 0); }
void drop_shadow(void* shadow) { __tsan_destroy_fiber(shadow); }
#else
void* new_shadow() { return nullptr; }
void* this_shadow() { return nullptr; }
void switch_shadow(void*) {}
void drop_shadow(void*) {}
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

void Fiber::enter(unsigned high, unsigned low) {
  auto* const self =
      reinterpret_cast<Fiber*>(static_cast<std::uintptr_t>((static_cast<std::uint64_t>(high) << 32) | low));
  self->body_();
  self->running_ = false;
  switch_shadow(self->outside_tsan_);
  ::setcontext(&self->outside_);
}

void Fiber::start(Fn<void()> body) {
  body_ = std::move(body);
  running_ = true;
  ::getcontext(&inside_);
  inside_.uc_stack.ss_sp = static_cast<char*>(stack_) + page_size();
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
  switch_shadow(inside_tsan_);
  ::swapcontext(&outside_, &inside_);
  if (!running_) {
    drop_shadow(inside_tsan_);
    body_ = nullptr;
  }
}

void Fiber::leave() {
  switch_shadow(outside_tsan_);
  ::swapcontext(&inside_, &outside_);
}

}  // namespace poe
