// SPDX-License-Identifier: MIT
//
// Fn<R(A...)>: a callable that is moved, never copied, so that a lambda may own a socket or a wheel.
//
// Why: std::move_only_function is C++23 and not in g++ 12's C++20 mode; absl::AnyInvocable's layout depends on the
// language standard, so it must not stand in a public header. 32 bytes; captures up to two words stay inside.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace poe {

template <class Signature>
class Fn;

template <class R, class... A>
class Fn<R(A...)> {
 public:
  Fn() noexcept = default;
  Fn(std::nullptr_t) noexcept {}

  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Fn> && std::is_invocable_r_v<R, std::decay_t<F>&, A...>)
      Fn(F&& callable) {
    using Callable = std::decay_t<F>;
    if constexpr (kFits<Callable>) {
      ::new (static_cast<void*>(storage_)) Callable(std::forward<F>(callable));
      call_ = [](void* at, A... arguments) -> R {
        return static_cast<R>(std::invoke(*static_cast<Callable*>(at), std::forward<A>(arguments)...));
      };
      manage_ = [](void* from, void* to) noexcept {
        if (to != nullptr) ::new (to) Callable(std::move(*static_cast<Callable*>(from)));
        static_cast<Callable*>(from)->~Callable();
      };
    } else {
      ::new (static_cast<void*>(storage_)) Callable*(new Callable(std::forward<F>(callable)));
      call_ = [](void* at, A... arguments) -> R {
        return static_cast<R>(std::invoke(**static_cast<Callable**>(at), std::forward<A>(arguments)...));
      };
      manage_ = [](void* from, void* to) noexcept {
        Callable* const callable_at = *static_cast<Callable**>(from);
        if (to != nullptr) {
          ::new (to) Callable*(callable_at);
        } else {
          delete callable_at;
        }
      };
    }
  }

  Fn(Fn&& other) noexcept { take(other); }
  Fn& operator=(Fn&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  Fn& operator=(std::nullptr_t) noexcept {
    reset();
    return *this;
  }
  ~Fn() { reset(); }

  explicit operator bool() const noexcept { return call_ != nullptr; }

  /// Calling an empty Fn is a bug in the caller.
  R operator()(A... arguments) { return call_(storage_, std::forward<A>(arguments)...); }

 private:
  static constexpr std::size_t kRoom = 2 * sizeof(void*);
  template <class C>
  static constexpr bool kFits = sizeof(C) <= kRoom &&
                                alignof(C) <= alignof(void*) && std::is_nothrow_move_constructible_v<C>;

  void take(Fn& other) noexcept {
    call_ = std::exchange(other.call_, nullptr);
    manage_ = std::exchange(other.manage_, nullptr);
    if (manage_ != nullptr) manage_(other.storage_, storage_);
  }
  void reset() noexcept {
    call_ = nullptr;
    if (auto* manage = std::exchange(manage_, nullptr)) manage(storage_, nullptr);
  }

  R (*call_)(void*, A...) = nullptr;
  void (*manage_)(void* from, void* to) noexcept = nullptr;  // moves into `to`, or only destroys
  alignas(void*) std::byte storage_[kRoom];
};

}  // namespace poe
