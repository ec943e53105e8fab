// SPDX-License-Identifier: MIT
#include "glib_source.hpp"

#include <new>

namespace poe::glib {
namespace {

struct ClientSource {
  GSource base;  // first: GLib allocates and frees the whole
  Client* client;
};

Client* client_of(GSource* source) noexcept { return reinterpret_cast<ClientSource*>(source)->client; }

gboolean prepare(GSource* source, gint* timeout) {
  Client* client = client_of(source);
  *timeout = client ? client->patience() : -1;
  return FALSE;  // GLib looks at the ready time itself
}

gboolean check(GSource* source) {
  Client* client = client_of(source);
  return client && client->has_reports();
}

gboolean dispatch(GSource* source, GSourceFunc, gpointer) {
  if (Client* client = client_of(source)) client->dispatch();
  return G_SOURCE_CONTINUE;
}

void finalize(GSource* source) {
  if (Client* client = client_of(source)) client->lost();
}

constexpr GSourceFuncs kFunctions = {prepare, check, dispatch, finalize, nullptr, nullptr};

}  // namespace

void Source::attach(GMainContext* context, int priority, const char* name, Client& client) {
  // GLib reads the table only; its type is older than that promise.
  source_ = g_source_new(const_cast<GSourceFuncs*>(&kFunctions), sizeof(ClientSource));
  reinterpret_cast<ClientSource*>(source_)->client = &client;
  g_source_set_name(source_, name);
  g_source_set_priority(source_, priority);
  g_source_set_can_recurse(source_, TRUE);  // inner loops of a dialog or of a nested step deliver, too
  g_source_attach(source_, context);
  g_source_unref(source_);
}

void Source::drop() noexcept {
  GSource* source = std::exchange(source_, nullptr);
  if (!source) return;
  reinterpret_cast<ClientSource*>(source)->client = nullptr;
  g_source_destroy(source);
}

void Source::forget() noexcept {
  if (GSource* source = std::exchange(source_, nullptr)) reinterpret_cast<ClientSource*>(source)->client = nullptr;
}

}  // namespace poe::glib
