// SPDX-License-Identifier: MIT
//
// Events: a name and argument types. An event is a constant, declared once and used by everyone who posts or handles
// it:
//
//     inline constexpr poe::Event<int, std::string> greet{"greet"};
//
// Its identity is a hash of the name and the types, so it is the same event in every shared object. Declare events
// with static storage (inline constexpr, static constexpr): queues keep their address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "poe/value.hpp"

namespace poe {

/// The compiler's spelling of T; equal in every shared object built by one compiler.
template <class T>
consteval std::string_view type_name() {
  const std::string_view whole = __PRETTY_FUNCTION__;
  const std::size_t from = whole.find("T = ") + 4;
  std::size_t to = whole.find(';', from);
  if (to == std::string_view::npos) to = whole.rfind(']');
  return whole.substr(from, to - from);
}

/// FNV-1a, 64 bits: short, constexpr, and the same everywhere. Collisions are caught when handlers are registered.
constexpr std::uint64_t hash_text(std::string_view text, std::uint64_t hash = 14695981039346656037ULL) {
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211ULL;
  return hash;
}

/// Names a type at run time; 0 for void.
template <class T>
consteval std::uint64_t type_id() {
  if constexpr (std::is_void_v<T>) {
    return 0;
  } else {
    return hash_text(type_name<T>());
  }
}

/// What the queue must know about one list of argument types. One constant for each list.
struct EventOps {
  std::uint32_t size;                               ///< bytes in the queue, a multiple of 8
  void (*destroy)(void* payload) noexcept;          ///< nullptr: nothing to do
  void (*relocate)(void* from, void* to) noexcept;  ///< moves, then destroys `from`
  void (*copy)(const void* from, void* to);         ///< nullptr: the arguments cannot be copied
  void (*to_values)(const void* payload, std::vector<Value>&);
  bool (*from_values)(std::span<const Value>, void* payload);  ///< nullptr: the event is local-only
};

/// Arguments as they lie in a queue record: in place up to 256 bytes, boxed above.
template <class... A>
class Payload {
 public:
  using Tuple = std::tuple<std::decay_t<A>...>;
  static constexpr bool kBoxed = sizeof(Tuple) > 256 || alignof(Tuple) > 8;
  using Stored = std::conditional_t<kBoxed, std::unique_ptr<Tuple>, Tuple>;
  static constexpr std::uint32_t kSize =
      sizeof...(A) == 0 ? 0 : static_cast<std::uint32_t>((sizeof(Stored) + 7) / 8 * 8);

  template <class... B>
  static void construct(void* at, B&&... arguments) {
    if constexpr (sizeof...(A) == 0) {
      (void)at;
    } else if constexpr (kBoxed) {
      ::new (at) Stored(std::make_unique<Tuple>(std::forward<B>(arguments)...));
    } else {
      ::new (at) Stored(std::forward<B>(arguments)...);
    }
  }
  static Tuple& get(void* at) {
    if constexpr (kBoxed) {
      return **std::launder(static_cast<Stored*>(at));
    } else {
      return *std::launder(static_cast<Stored*>(at));
    }
  }
  static void destroy(void* at) noexcept { std::launder(static_cast<Stored*>(at))->~Stored(); }
  static void relocate(void* from, void* to) noexcept {
    auto* source = std::launder(static_cast<Stored*>(from));
    ::new (to) Stored(std::move(*source));
    source->~Stored();
  }
  static void copy(const void* from, void* to) {
    const auto* source = std::launder(static_cast<const Stored*>(from));
    if constexpr (kBoxed) {
      ::new (to) Stored(std::make_unique<Tuple>(**source));
    } else {
      ::new (to) Stored(*source);
    }
  }
  static void to_values(const void* at, std::vector<Value>& values) {
    const Tuple& tuple = get(const_cast<void*>(at));
    std::apply([&](const auto&... item) { (values.push_back(value_of(item)), ...); }, tuple);
  }
  static bool from_values(std::span<const Value> values, void* at) {
    if (values.size() != sizeof...(A)) return false;
    return from_values(values, at, std::index_sequence_for<A...>{});
  }

 private:
  template <class T>
  static Value value_of(const T& item) {
    if constexpr (DynamicValue<T>) {
      return ValueTraits<T>::to(item);
    } else {
      return Value::Opaque{std::string(type_name<T>())};
    }
  }
  template <std::size_t... I>
  static bool from_values(std::span<const Value> values, void* at, std::index_sequence<I...>) {
    auto converted = std::make_tuple(ValueTraits<std::decay_t<A>>::from(values[I])...);
    if (!(std::get<I>(converted).has_value() && ...)) return false;
    construct(at, std::move(*std::get<I>(converted))...);
    return true;
  }
};

template <class... A>
consteval EventOps make_event_ops() {
  using P = Payload<A...>;
  EventOps ops{P::kSize, nullptr, nullptr, nullptr, &P::to_values, nullptr};
  if constexpr (sizeof...(A) == 0) {
    ops.to_values = [](const void*, std::vector<Value>&) {};
    ops.relocate = [](void*, void*) noexcept {};
    ops.copy = [](const void*, void*) {};
    ops.from_values = [](std::span<const Value> values, void*) { return values.empty(); };
  } else {
    if constexpr (!std::is_trivially_destructible_v<typename P::Stored>) ops.destroy = &P::destroy;
    ops.relocate = &P::relocate;
    if constexpr ((std::is_copy_constructible_v<std::decay_t<A>> && ...)) ops.copy = &P::copy;
    if constexpr ((DynamicValue<std::decay_t<A>> && ...)) ops.from_values = &P::from_values;
  }
  return ops;
}

template <class... A>
inline constexpr EventOps kEventOps = make_event_ops<A...>();

/// What all events have. `id` is the identity; `name` has static storage.
struct EventKey {
  std::uint64_t id;
  const char* name;
  const EventOps* ops;
};

/// An event with arguments A. A reference among A is stored as a value and handed over as that reference.
template <class... A>
struct Event : EventKey {
  consteval Event(const char* event_name) : EventKey{identity(event_name), event_name, &kEventOps<A...>} {}

 private:
  static consteval std::uint64_t identity(const char* event_name) {
    std::uint64_t hash = hash_text(event_name);
    ((hash = hash_text(type_name<A>(), (hash ^ 0x1f) * 1099511628211ULL)), ...);
    return hash == 0 ? 1 : hash;
  }
};

}  // namespace poe
