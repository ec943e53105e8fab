// SPDX-License-Identifier: MIT
//
// Value: one dynamic argument. Events are typed; a Value is what their arguments look like to code that does not know
// the types: inspection, `_default` handlers, peers on other machines. ValueTraits<T> says how T becomes a Value
// and back; a type without one makes its event local-only (it shows as opaque).
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "poe/export.hpp"

namespace poe {

class POE_API Value {
 public:
  using Bytes = std::vector<std::byte>;
  using List = std::vector<Value>;
  using Map = std::map<std::string, Value>;
  /// Stands for an argument that has no dynamic form; only its type's name is known.
  struct Opaque {
    std::string type;
    friend bool operator==(const Opaque&, const Opaque&) = default;
  };

  Value() noexcept = default;
  Value(std::nullptr_t) noexcept {}
  Value(bool b) noexcept : data_(b) {}
  template <std::integral I>
  requires(!std::same_as<I, bool> && sizeof(I) < 8) Value(I i)
  noexcept : data_(static_cast<std::int64_t>(i)) {}
  Value(std::int64_t i) noexcept : data_(i) {}
  Value(double d) noexcept : data_(d) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(std::string text) noexcept : data_(std::move(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(Bytes bytes) noexcept : data_(std::move(bytes)) {}
  Value(List list) noexcept : data_(std::make_shared<const List>(std::move(list))) {}
  Value(Map map) noexcept : data_(std::make_shared<const Map>(std::move(map))) {}
  Value(Opaque opaque) noexcept : data_(std::move(opaque)) {}

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data_); }
  const bool* as_bool() const noexcept { return std::get_if<bool>(&data_); }
  const std::int64_t* as_int() const noexcept { return std::get_if<std::int64_t>(&data_); }
  const double* as_double() const noexcept { return std::get_if<double>(&data_); }
  const std::string* as_string() const noexcept { return std::get_if<std::string>(&data_); }
  const Bytes* as_bytes() const noexcept { return std::get_if<Bytes>(&data_); }
  const List* as_list() const noexcept;
  const Map* as_map() const noexcept;
  const Opaque* as_opaque() const noexcept { return std::get_if<Opaque>(&data_); }

  /// "null", "bool", "int", "double", "string", "bytes", "list", "map" or "opaque".
  std::string_view kind() const noexcept;
  /// For people: strings quoted and escaped, bytes in hexadecimal, cut at `limit` characters.
  std::string to_text(std::size_t limit = 256) const;

  friend POE_API bool operator==(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Bytes, std::shared_ptr<const List>,
               std::shared_ptr<const Map>, Opaque>
      data_;
};

/// How T becomes a Value and back. `from` answers nothing when the value does not fit: wrong kind, or out of range.
template <class T>
struct ValueTraits;  // no definition: the type has no dynamic form

template <>
struct ValueTraits<Value> {
  static Value to(const Value& v) { return v; }
  static std::optional<Value> from(const Value& v) { return v; }
};

template <>
struct ValueTraits<bool> {
  static Value to(bool b) { return b; }
  static std::optional<bool> from(const Value& v) {
    const bool* b = v.as_bool();
    return b != nullptr ? std::optional<bool>(*b) : std::nullopt;
  }
};

template <std::integral I>
requires(!std::same_as<I, bool>) struct ValueTraits<I> {
  static Value to(I i) {
    if (std::in_range<std::int64_t>(i)) return static_cast<std::int64_t>(i);
    return Value::Opaque{"uint64"};
  }
  static std::optional<I> from(const Value& v) {
    const std::int64_t* i = v.as_int();
    return i != nullptr && std::in_range<I>(*i) ? std::optional<I>(static_cast<I>(*i)) : std::nullopt;
  }
};

template <std::floating_point F>
struct ValueTraits<F> {
  static Value to(F f) { return static_cast<double>(f); }
  static std::optional<F> from(const Value& v) {
    if (const double* d = v.as_double()) return static_cast<F>(*d);
    if (const std::int64_t* i = v.as_int()) return static_cast<F>(*i);
    return std::nullopt;
  }
};

template <>
struct ValueTraits<std::string> {
  static Value to(const std::string& s) { return s; }
  static std::optional<std::string> from(const Value& v) {
    const std::string* s = v.as_string();
    return s != nullptr ? std::optional<std::string>(*s) : std::nullopt;
  }
};

template <>
struct ValueTraits<std::vector<std::byte>> {
  static Value to(const std::vector<std::byte>& b) { return b; }
  static std::optional<std::vector<std::byte>> from(const Value& v) {
    const Value::Bytes* b = v.as_bytes();
    return b != nullptr ? std::optional<Value::Bytes>(*b) : std::nullopt;
  }
};

template <class T>
concept DynamicValue = requires(const T& t, const Value& v) {
  { ValueTraits<T>::to(t) } -> std::convertible_to<Value>;
  { ValueTraits<T>::from(v) } -> std::same_as<std::optional<T>>;
};

template <DynamicValue T>
struct ValueTraits<std::vector<T>> {
  static Value to(const std::vector<T>& items) {
    Value::List list;
    list.reserve(items.size());
    for (const T& item : items) list.push_back(ValueTraits<T>::to(item));
    return list;
  }
  static std::optional<std::vector<T>> from(const Value& v) {
    const Value::List* list = v.as_list();
    if (list == nullptr) return std::nullopt;
    std::vector<T> items;
    items.reserve(list->size());
    for (const Value& item : *list) {
      auto converted = ValueTraits<T>::from(item);
      if (!converted) return std::nullopt;
      items.push_back(std::move(*converted));
    }
    return items;
  }
};

}  // namespace poe
