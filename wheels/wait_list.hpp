// SPDX-License-Identifier: MIT
//
// Those who wait in coroutines for the same thing, in order of arrival. A list through the awaits themselves, which
// lie in the frames of their Tasks: nothing is allocated, and whoever gives up leaves at once.
#pragma once

#include <utility>

#include "poe/error.hpp"

namespace poe {

/// W is an await with a `W* next_` this may use.
template <class W>
class WaitList {
 public:
  void add(W& waiter) noexcept {
    W** last = &first_;
    while (*last != nullptr) last = &(*last)->next_;
    *last = &waiter;
  }
  /// One that is in it.
  void remove(W& waiter) noexcept {
    W** at = &first_;
    while (*at != &waiter) at = &(*at)->next_;
    *at = waiter.next_;
  }
  /// Calls f(W&), which may end the wait of the one it gets.
  template <class F>
  void each(F f) noexcept {
    for (W* at = first_; at != nullptr;) {
      W& waiter = *std::exchange(at, at->next_);
      f(waiter);
    }
  }
  void fail_all(const Error& error) noexcept {
    each([&](W& waiter) { waiter.fail(error); });
  }

 private:
  W* first_ = nullptr;
};

}  // namespace poe
