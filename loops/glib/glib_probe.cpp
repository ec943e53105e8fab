// SPDX-License-Identifier: MIT
#include "glib_probe.hpp"

#include <dlfcn.h>
#include <glib.h>

namespace poe::glib {
namespace {

/// Calls `R name()` if the program has loaded it; a zero if not.
template <class R>
R ask(const char* name) noexcept {
  void* symbol = dlsym(RTLD_DEFAULT, name);
  return symbol ? reinterpret_cast<R (*)()>(symbol)() : R{};
}

const char* toolkit() noexcept {
  if (ask<void*>("g_application_get_default")) return "the program has a default GApplication";
  if (ask<gboolean>("gtk_is_initialized")) return "GTK 4 is initialised";
  if (ask<void*>("gdk_display_get_default")) return "GTK has opened a display";
  return nullptr;
}

int answer(int live, void* foreign, const char* reason, void** ret_foreign, const char** ret_reason) noexcept {
  if (ret_foreign) *ret_foreign = foreign;
  if (ret_reason) *ret_reason = reason;
  return live;
}

}  // namespace

int probe(void** ret_foreign, const char** ret_reason) {
  if (g_main_depth() > 0) {
    GSource* source = g_main_current_source();
    GMainContext* context = source ? g_source_get_context(source) : nullptr;
    if (context) return answer(2, context, "we are inside a callback of a GLib main loop", ret_foreign, ret_reason);
  }
  if (GMainContext* context = g_main_context_get_thread_default())
    return answer(1, context, "this thread has a thread-default GMainContext", ret_foreign, ret_reason);
  // Only now may the default context be named: g_main_context_default() creates it, and a question creates nothing.
  const char* reason = toolkit();
  if (!reason) return answer(0, nullptr, "no GLib main loop, GApplication or GTK here", ret_foreign, ret_reason);
  GMainContext* context = g_main_context_default();
  if (g_main_context_is_owner(context))
    return answer(2, context, "this thread runs the default GMainContext", ret_foreign, ret_reason);
  if (!g_main_context_acquire(context))
    return answer(0, nullptr, "another thread runs the default GMainContext", ret_foreign, ret_reason);
  g_main_context_release(context);
  return answer(1, context, reason, ret_foreign, ret_reason);
}

}  // namespace poe::glib
