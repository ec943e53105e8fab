// SPDX-License-Identifier: MIT
//
// Which GMainContext a loop runs on, and for how long it is the thread's default.
#pragma once

#include <glib.h>

#include <memory>
#include <string_view>

#include "poe/loop/options.hpp"
#include "poe/loop/spare.hpp"

namespace poe::glib {

struct FreeContext {
  void operator()(GMainContext* context) const noexcept { g_main_context_unref(context); }
};
using OwnContext = std::unique_ptr<GMainContext, FreeContext>;

/// GLib ends the program where it finds no descriptor for a context's wake-up: one for this context, one for the
/// default context, which it makes with the first thread default. Throws instead.
inline GMainContext* new_context() {
  poe::loop::require_descriptors(2, "a GMainContext");
  return g_main_context_new();
}

/// True if the option was given this value.
inline bool chosen(const poe_create& how, const char* option, std::string_view value) noexcept {
  const char* given = poe::loop::option(how, option);
  return given && value == given;
}

/// The context that a GIO call of this thread would use.
inline GMainContext* thread_context() noexcept {
  GMainContext* context = g_main_context_get_thread_default();
  return context ? context : g_main_context_default();
}

/// While it lives, what a handler starts with GIO reports to this context. Ended in reverse order, as GLib demands.
class ThreadDefault {
 public:
  explicit ThreadDefault(GMainContext* context) noexcept : context_(context) {
    if (context_) g_main_context_push_thread_default(context_);
  }
  ~ThreadDefault() {
    if (context_) g_main_context_pop_thread_default(context_);
  }
  ThreadDefault(const ThreadDefault&) = delete;
  ThreadDefault& operator=(const ThreadDefault&) = delete;

 private:
  GMainContext* context_;
};

}  // namespace poe::glib
