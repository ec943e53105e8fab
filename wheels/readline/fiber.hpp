// SPDX-License-Identifier: MIT
//
// Fiber: a function on a stack of its own that can be left in its middle and gone on with. For libedit, which asks for
// the next key where it happens to be, also deep inside a search or a sequence of keys: there it is left until a key
// comes, and the loop goes on. Loop thread; nothing may throw out of the function.
//
// Why ucontext: a thread would do, but is lost in a fork, and takes signals; a private copy of the state machine that
// libedit keeps on its stack is what other callback interfaces do, and they block inside a search.
#pragma once

#include <ucontext.h>

#include <cstddef>

#include "poe/fn.hpp"

namespace poe {

class Fiber {
 public:
  /// Throws std::bad_alloc where there is no memory for a stack.
  Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  /// Only when it is not in the middle of something.
  ~Fiber();

  /// Runs `body` up to its first leave(), or its end.
  void start(Fn<void()> body);
  /// Goes on behind the leave() in which it is.
  void resume();
  /// Inside of body: back to who started or resumed it.
  void leave();
  bool running() const noexcept { return running_; }

 private:
  static void enter(unsigned high, unsigned low);
  void switch_in();
  void* bottom() const noexcept;

  ucontext_t inside_{};
  ucontext_t outside_{};
  Fn<void()> body_;
  void* stack_ = nullptr;
  void* inside_tsan_ = nullptr;
  void* outside_tsan_ = nullptr;
  const void* outside_bottom_ = nullptr;  // for AddressSanitizer: of the stack it was entered from
  std::size_t outside_size_ = 0;
  bool running_ = false;
};

}  // namespace poe
