// SPDX-License-Identifier: MIT
//
// How the values of a GObject signal become the arguments of an event. Include poe/glib.hpp.
#pragma once

#include <glib-object.h>

#include <concepts>
#include <string>
#include <type_traits>

namespace poe::glib {

/// What an event's argument may be when it comes from a GValue: bool, numbers, enumerations' values, text. No object:
/// it could be gone when the event is handled.
template <class T>
concept FromGValue = std::is_arithmetic_v<T> || std::same_as<T, std::string>;

namespace detail {

template <FromGValue T>
constexpr GType gtype() noexcept {
  if constexpr (std::same_as<T, bool>) {
    return G_TYPE_BOOLEAN;
  } else if constexpr (std::is_floating_point_v<T>) {
    return G_TYPE_DOUBLE;
  } else if constexpr (std::is_unsigned_v<T>) {
    return sizeof(T) < sizeof(guint64) ? G_TYPE_UINT : G_TYPE_UINT64;
  } else if constexpr (std::is_integral_v<T>) {
    return sizeof(T) < sizeof(gint64) ? G_TYPE_INT : G_TYPE_INT64;
  } else {
    return G_TYPE_STRING;
  }
}

template <FromGValue T>
T from_gvalue(const GValue& from) {
  GValue to = G_VALUE_INIT;
  g_value_init(&to, gtype<T>());
  g_value_transform(&from, &to);  // asked before, when it was connected
  if constexpr (std::same_as<T, std::string>) {
    const char* text = g_value_get_string(&to);
    std::string kept = text != nullptr ? text : "";
    g_value_unset(&to);
    return kept;
  } else if constexpr (std::same_as<T, bool>) {
    return g_value_get_boolean(&to) != FALSE;
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(g_value_get_double(&to));
  } else if constexpr (gtype<T>() == G_TYPE_UINT64) {
    return static_cast<T>(g_value_get_uint64(&to));
  } else if constexpr (gtype<T>() == G_TYPE_INT64) {
    return static_cast<T>(g_value_get_int64(&to));
  } else if constexpr (std::is_unsigned_v<T>) {
    return static_cast<T>(g_value_get_uint(&to));
  } else {
    return static_cast<T>(g_value_get_int(&to));
  }
}

}  // namespace detail
}  // namespace poe::glib
