// SPDX-License-Identifier: MIT
//
// Between GObject's signals, GLib's idle callbacks and sessions. Header-only: link poe::poe and gobject-2.0 (or GTK).
//
//     // a signal becomes an event; the session keeps the Link, so it ends with the session
//     link_ = *poe::glib::post_on(button, "clicked", address(), pressed);
//     // an event becomes an idle callback; nothing happens once the window is gone
//     handle(said, poe::glib::queued<std::string>(window, [window](const std::string& line) { ... }));
//
// Any thread: the signal may be emitted, and the callback may run, on another thread than the kernel's.
#pragma once

#include <glib-object.h>

#include <concepts>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "poe/address.hpp"
#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/glib/closure.hpp"
#include "poe/glib/inbox.hpp"
#include "poe/glib/link.hpp"
#include "poe/glib/values.hpp"
#include "poe/kernel.hpp"

namespace poe::glib {

/// Posts `event` each time `instance` emits `signal` ("clicked", "notify::text"), with as many of the signal's leading
/// arguments as the event takes. Nothing comes of it once the session has ended or the kernel is gone. A signal that
/// wants an answer gets none from here: FALSE, 0, NULL. Errors: invalid_argument (no such signal), bad_arguments.
template <class... A>
requires(FromGValue<std::decay_t<A>>&&...) Result<Link> post_on(gpointer instance, const char* signal, Address to,
                                                                const Event<A...>& event) {
  const GType wanted[] = {detail::gtype<std::decay_t<A>>()..., G_TYPE_NONE};
  return detail::connect(instance, signal, {wanted, sizeof...(A)},
                         detail::closure_of(detail::poster(std::move(to), event, std::index_sequence_for<A...>{})));
}

/// As above, with what `make()` returns at that moment, on the emitting thread: the event's only argument. It must be
/// callable as long as the link lasts.
template <class A, class Make>
requires std::constructible_from<std::decay_t<A>, std::invoke_result_t<Make&>> Result<Link> post_on(
    gpointer instance, const char* signal, Address to, const Event<A>& event, Make make) {
  return detail::connect(instance, signal, {},
                         detail::closure_of([to = std::move(to), &event, make = std::move(make)](auto) mutable {
                           static_cast<void>(to.post(event, make()));
                         }));
}

/// A floating GClosure that posts `event`, for g_signal_connect_closure() and whatever else takes one. Its values must
/// be able to become the event's arguments.
template <class... A>
requires(FromGValue<std::decay_t<A>>&&...) GClosure* closure(Address to, const Event<A...>& event) {
  return detail::closure_of(detail::poster(std::move(to), event, std::index_sequence_for<A...>{}));
}

/// A copyable callable: f(arguments...) runs the function later, from an idle callback, in the order of the calls. True
/// if it was queued; false, and nothing happens, once the receiver is gone. What was queued before a session's end is
/// still shown. Any thread.
template <class F, class... A>
class Queued {
 public:
  /// nullptr for `context`: this thread's default one.
  Queued(GObject* receiver, GMainContext* context, F function)
      : inbox_(std::make_shared<detail::Inbox>(receiver)),
        context_(context != nullptr ? g_main_context_ref(context) : g_main_context_ref_thread_default(),
                 &g_main_context_unref),
        function_(std::make_shared<F>(std::move(function))) {}

  template <class... B>
  requires(sizeof...(B) == sizeof...(A) && (std::constructible_from<A, B> && ...)) bool operator()(B&&... with) const {
    return inbox_->put(context_.get(),
                       [function = function_, kept = std::tuple<A...>(std::forward<B>(with)...)]() mutable {
                         std::apply(*function, std::move(kept));
                       });
  }

 private:
  std::shared_ptr<detail::Inbox> inbox_;
  std::shared_ptr<GMainContext> context_;
  std::shared_ptr<F> function_;
};

/// queued<std::string>(window, [window](const std::string& line) { ... }): nothing is called once `receiver`, a
/// GObject, has been disposed of; it is kept alive during each call. Runs in this thread's default context, or in
/// `context`.
template <class... A, class F>
requires std::invocable<F&, std::decay_t<A>...>
auto queued(gpointer receiver, F function, GMainContext* context = nullptr) {
  return Queued<F, std::decay_t<A>...>(static_cast<GObject*>(receiver), context, std::move(function));
}

/// As above, for a function that needs no object: it is called as long as the context runs.
template <class... A, class F>
requires std::invocable<F&, std::decay_t<A>...>
auto queued(F function, GMainContext* context = nullptr) {
  return Queued<F, std::decay_t<A>...>(nullptr, context, std::move(function));
}

/// POE's signal_ui_destroy: UIDESTROY goes to all sessions when `window` is being disposed of, which ends them (P071).
/// A GTK window is when it is closed. On the loop thread; the kernel stays in its place until the link or the window
/// has gone.
class [[nodiscard]] UiDestroy {
 public:
  UiDestroy(Kernel& kernel, gpointer window) : kernel_(&kernel), window_(static_cast<GObject*>(window)) {
    g_object_weak_ref(window_, &UiDestroy::gone, this);
  }
  UiDestroy(const UiDestroy&) = delete;
  UiDestroy& operator=(const UiDestroy&) = delete;
  ~UiDestroy() {
    if (window_ != nullptr) g_object_weak_unref(window_, &UiDestroy::gone, this);
  }

 private:
  static void gone(gpointer self, GObject*) {
    auto& me = *static_cast<UiDestroy*>(self);
    me.window_ = nullptr;
    if (me.kernel_->session_count() == 0) return;
    static_cast<void>(me.kernel_->signal(me.kernel_->id(), "UIDESTROY"));
  }
  Kernel* kernel_;
  GObject* window_;
};

}  // namespace poe::glib
