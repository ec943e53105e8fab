// SPDX-License-Identifier: MIT
//
// GClosures that own a callable, and their connection to a signal that is checked first. Include poe/glib.hpp.
#pragma once

#include <glib-object.h>

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "poe/address.hpp"
#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/fn.hpp"
#include "poe/glib/link.hpp"
#include "poe/glib/values.hpp"

namespace poe::glib::detail {

/// Gets the signal's arguments, without the instance.
using Emitted = Fn<void(std::span<const GValue>)>;

/// A floating closure that owns `call`.
inline GClosure* closure_of(Emitted call) {
  auto owned = std::make_unique<Emitted>(std::move(call));
  GClosure* closure = g_closure_new_simple(sizeof(GClosure), owned.get());
  g_closure_add_finalize_notifier(closure, owned.release(),
                                  [](gpointer kept, GClosure*) { delete static_cast<Emitted*>(kept); });
  g_closure_set_marshal(closure, [](GClosure* self, GValue*, guint count, const GValue* values, gpointer, gpointer) {
    (*static_cast<Emitted*>(self->data))({values + 1, count > 0 ? count - 1 : 0});
  });
  return closure;
}

template <class... A, std::size_t... I>
Emitted poster(Address to, const Event<A...>& event, std::index_sequence<I...>) {
  return [to = std::move(to), &event](std::span<const GValue> values) {
    if (values.size() < sizeof...(A)) return;  // a closure invoked by hand
    // Refused only if the kernel is gone, and then there is nobody to tell.
    static_cast<void>(to.post(event, from_gvalue<std::decay_t<A>>(values[I])...));
  };
}

/// Whether `instance` has that signal, with arguments that can become those; and if so connects the closure.
inline Result<Link> connect(gpointer instance, const char* signal, std::span<const GType> wanted, GClosure* closure) {
  g_closure_sink(g_closure_ref(closure));
  const std::unique_ptr<GClosure, decltype(&g_closure_unref)> held(closure, &g_closure_unref);
  const std::string what = std::string("signal \"") + signal + "\" of " + G_OBJECT_TYPE_NAME(instance);
  guint id = 0;
  GQuark detail = 0;
  if (!g_signal_parse_name(signal, G_OBJECT_TYPE(instance), &id, &detail, TRUE))
    return failure(Errc::invalid_argument, "connect", what, "the class has no such signal",
                   "look at its documentation");
  GSignalQuery query;
  g_signal_query(id, &query);
  if (query.n_params < wanted.size())
    return failure(
        Errc::bad_arguments, "connect", what,
        "it has " + std::to_string(query.n_params) + " arguments, the event takes " + std::to_string(wanted.size()),
        "use an event with fewer arguments, or post_on() with a function that makes them");
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const GType is = query.param_types[i] & ~G_SIGNAL_TYPE_STATIC_SCOPE;
    if (!g_value_type_transformable(is, wanted[i]))
      return failure(Errc::bad_arguments, "connect", what,
                     "its argument " + std::to_string(i + 1) + " is a " + g_type_name(is) +
                         ", which does not become a " + g_type_name(wanted[i]),
                     "use post_on() with a function that makes the event's argument");
  }
  const gulong handler = g_signal_connect_closure_by_id(instance, id, detail, closure, FALSE);
  return Link(static_cast<GObject*>(instance), handler);
}

}  // namespace poe::glib::detail
