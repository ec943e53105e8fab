// SPDX-License-Identifier: MIT
//
// Handler tables: which function of a session answers which event. A class session has one table for all its objects
// in a kernel; the table is a perfect hash from event identity to thunk, so a look-up is one compare.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/task_fwd.hpp"

namespace poe {

class Self;

/// One row of a handler table.
struct Handler {
  using Thunk = void (*)(void* object, const Handler& row, void* payload, void* ret);

  std::uint64_t event = 0;  ///< EventKey::id; 0: an empty row
  Thunk thunk = nullptr;
  alignas(8) std::array<std::byte, 16> target;  ///< the member function or the address of a callable
  std::uint64_t result = 0;                     ///< type_id of what the handler returns
  const EventKey* key = nullptr;
  const char* file = nullptr;  ///< where it was registered; goes into DIE
  std::uint32_t line = 0;

  template <class T>
  T target_as() const noexcept {
    static_assert(sizeof(T) <= sizeof(target) && std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, target.data(), sizeof(T));
    return value;
  }
  template <class T>
  void set_target(T value) noexcept {
    static_assert(sizeof(T) <= sizeof(target) && std::is_trivially_copyable_v<T>);
    std::memcpy(target.data(), &value, sizeof(T));
  }
};

/// POE's `_default`: answers events that have no handler of their own (P034).
struct Fallback {
  using Thunk = void (*)(void* object, const Handler& row, const EventKey& event, std::span<const Value> arguments);
  Thunk thunk = nullptr;
  Handler row{};
};

class POE_API HandlerTable {
 public:
  HandlerTable();
  ~HandlerTable();
  HandlerTable(const HandlerTable&) = delete;
  HandlerTable& operator=(const HandlerTable&) = delete;
  /// A copy for one session, which may then change its own.
  std::unique_ptr<HandlerTable> clone() const;

  /// The row for an event, or nullptr.
  const Handler* find(std::uint64_t event) const noexcept {
    const Handler& row = rows_[(event * multiplier_) >> shift_];
    return row.event == event ? &row : nullptr;
  }
  /// The row whose event has this name, whatever its arguments; nullptr if none or more than one has it.
  const Handler* find(std::string_view name) const noexcept;

  /// Adds or replaces a row. Throws std::logic_error if another event has the same identity (a hash collision) or if
  /// the name is reserved (`_signal`).
  void add(Handler row);
  void remove(std::uint64_t event);
  /// Keeps an object (a lambda) alive as long as the table; if `event` is given, only until that is removed or the next
  /// object is given for it.
  void own(std::shared_ptr<void> object, std::uint64_t event = 0);

  Fallback fallback{};
  std::uint64_t object_type = 0;            ///< type_id of the session class, for Kernel::with
  void (*destroy)(void* object) = nullptr;  ///< deletes the session object

  /// All rows, in no order.
  std::vector<const Handler*> rows() const;

 private:
  void rebuild(std::vector<Handler> rows);

  std::vector<Handler> rows_;
  std::uint64_t multiplier_ = 1;
  unsigned shift_ = 63;
  std::vector<std::pair<std::uint64_t, std::shared_ptr<void>>> owned_;  // event or 0, object
};

namespace handler {

/// A Task nobody asks for is started as part of the session: see start_task() in poe/task.hpp.
template <class R, class S, class F>
void keep_result(S& session, void* ret, F&& invoke) {
  if constexpr (std::is_void_v<R>) {
    invoke();
  } else if (ret != nullptr) {
    static_cast<std::optional<R>*>(ret)->emplace(invoke());
  } else if constexpr (kIsTask<R>) {
    start_task(static_cast<Self&>(session), invoke());
  } else {
    static_cast<void>(invoke());
  }
}

/// Calls `invoke` with the stored arguments as the event's types say: values are moved out, references passed on.
template <class... A, class F>
decltype(auto) apply(void* payload, F&& invoke) {
  if constexpr (sizeof...(A) == 0) {
    return invoke();
  } else {
    return std::apply([&](auto&... stored) -> decltype(auto) { return invoke(static_cast<A&&>(stored)...); },
                      Payload<A...>::get(payload));
  }
}

/// The row's member function, or null where calling it moves the object's address, or where that cannot be told. How
/// far is in its second word, in the ABIs of g++ and clang; here that is a constant. Why: added from the row, `this`,
/// and with it all that the handler does, would wait until the row is found; a post to oneself took half as long again.
template <class Method>
Method plain_method(const Handler& row) noexcept {
  using Words = std::array<std::uintptr_t, 2>;
  if constexpr (sizeof(Method) == sizeof(Words)) {
    const auto words = row.target_as<Words>();
    if (words[1] == 0) return std::bit_cast<Method>(Words{words[0], 0});
  }
  return nullptr;
}

/// What every row has: its event, what the handler returns, where it was registered.
template <class R, class... A>
Handler row_of(const Event<A...>& event, const char* file = nullptr, std::uint32_t line = 0) {
  Handler row;
  row.event = event.id;
  row.key = &event;
  row.result = type_id<R>();
  row.file = file;
  row.line = line;
  return row;
}

/// The row of a callable that takes the `state` of an Object, the session as a Face, and the event's arguments. The
/// table must own the callable.
template <class Object, class Face, class... A, class F>
Handler callable_row(const Event<A...>& event, F& callable, const char* file, std::uint32_t line) {
  using R = std::invoke_result_t<F&, decltype(Object::state)&, Face&, A...>;
  Handler row = row_of<R>(event, file, line);
  row.set_target(&callable);
  row.thunk = [](void* object, const Handler& self, void* payload, void* ret) {
    auto& session = *static_cast<Object*>(object);
    F& call = *self.target_as<F*>();
    keep_result<R>(session, ret, [&]() -> R {
      return apply<A...>(payload, [&](auto&&... a) -> R {
        return std::invoke(call, session.state, static_cast<Face&>(session), std::forward<decltype(a)>(a)...);
      });
    });
  };
  return row;
}

/// A callable registered at run time. Its handler holds it while it runs, so that it may replace itself.
template <class F>
struct DynamicTarget : std::enable_shared_from_this<DynamicTarget<F>> {
  explicit DynamicTarget(F&& callable) : function(std::move(callable)) {}
  F function;
};

template <class... A, class F>
std::pair<Handler, std::shared_ptr<void>> dynamic_row(const Event<A...>& event, F&& function) {
  using R = std::invoke_result_t<F&, A...>;
  auto owned = std::make_shared<DynamicTarget<F>>(std::forward<F>(function));
  Handler row = row_of<R>(event);
  row.set_target(owned.get());
  row.thunk = [](void*, const Handler& self, void* payload, void* ret) {
    const auto held = self.target_as<DynamicTarget<F>*>()->shared_from_this();
    static_assert(!kIsTask<R>, "Self::handle() takes no coroutine: launch() the Task in the handler");
    keep_result<R>(*held, ret, [&]() -> R {
      return apply<A...>(
          payload, [&](auto&&... a) -> R { return std::invoke(held->function, std::forward<decltype(a)>(a)...); });
    });
  };
  return {row, std::move(owned)};
}

}  // namespace handler

/// Fills the table of session class S; passed to S::handlers(), which runs once per class and kernel.
template <class S>
class Handlers {
 public:
  explicit Handlers(HandlerTable& table) : table_(table) {}

  /// `event` is answered by `method`, which must take the event's arguments. A later on() for the same event replaces
  /// the former.
  template <class... A, class R, class C, class... P>
  requires std::derived_from<S, C> && std::is_invocable_v<R (S::*)(P...), S&, A...> Handlers& on(
      const Event<A...>& event, R (C::*method)(P...), const char* file = __builtin_FILE(),
      std::uint32_t line = __builtin_LINE()) {
    static_assert(!kIsTask<R> || !(std::is_reference_v<P> || ...),
                  "a handler that is a coroutine takes its arguments by value: it outlives the event's");
    using Method = R (S::*)(P...);
    Handler row = handler::row_of<R>(event, file, line);
    row.set_target(static_cast<Method>(method));
    row.thunk = [](void* object, const Handler& self, void* payload, void* ret) {
      S& session = *static_cast<S*>(object);
      handler::keep_result<R>(session, ret, [&]() -> R {
        return handler::apply<A...>(payload, [&](auto&&... a) -> R {
          if (const auto call = handler::plain_method<Method>(self)) [[likely]]
            return (session.*call)(std::forward<decltype(a)>(a)...);
          return (session.*self.target_as<Method>())(std::forward<decltype(a)>(a)...);
        });
      });
    };
    table_.add(row);
    return *this;
  }

  /// Answers every event without a handler: gets the event and a copy of its arguments (`_default`, P034).
  template <class C>
  requires std::derived_from<S, C> Handlers& otherwise(void (C::*method)(const EventKey&, std::span<const Value>)) {
    using Method = void (S::*)(const EventKey&, std::span<const Value>);
    table_.fallback.row.set_target(static_cast<Method>(method));
    table_.fallback.thunk = [](void* object, const Handler& self, const EventKey& event, std::span<const Value> a) {
      (static_cast<S*>(object)->*self.target_as<Method>())(event, a);
    };
    return *this;
  }

 private:
  HandlerTable& table_;
};

}  // namespace poe
