// SPDX-License-Identifier: MIT
#include "glib_source.hpp"

#include <algorithm>
#include <limits>
#include <new>

namespace poe::glib {
namespace {

struct ClientSource {
  GSource base;  // first: GLib allocates and frees the whole
  Client* client;
  gint64 ready_us;  // -1: never
};

ClientSource& ours(GSource* source) noexcept { return *reinterpret_cast<ClientSource*>(source); }
Client* client_of(GSource* source) noexcept { return ours(source).client; }

bool is_due(GSource* source) noexcept {
  const gint64 at = ours(source).ready_us;
  return at == 0 || (at != -1 && at <= g_source_get_time(source));
}

/// ms until the ready time, rounded up; -1 without one.
gint until_due(GSource* source) noexcept {
  const gint64 at = ours(source).ready_us;
  if (at == -1) return -1;
  const gint64 ms = (at - g_source_get_time(source) + 999) / 1000;
  return static_cast<gint>(std::clamp<gint64>(ms, 0, std::numeric_limits<gint>::max()));
}

gboolean prepare(GSource* source, gint* timeout) {
  Client* client = client_of(source);
  *timeout = -1;
  if (!client) return FALSE;
  if (is_due(source)) {
    *timeout = 0;
    return TRUE;
  }
  const gint patience = client->patience();
  const gint until = until_due(source);
  *timeout = patience < 0 ? until : until < 0 ? patience : std::min(patience, until);
  return FALSE;
}

gboolean check(GSource* source) {
  Client* client = client_of(source);
  return client && (is_due(source) || client->has_reports());
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
  ours(source_).client = &client;
  ours(source_).ready_us = -1;
  g_source_set_name(source_, name);
  g_source_set_priority(source_, priority);
  g_source_set_can_recurse(source_, TRUE);  // inner loops of a dialog or of a nested step deliver, too
  g_source_attach(source_, context);
  g_source_unref(source_);
}

void Source::drop() noexcept {
  GSource* source = std::exchange(source_, nullptr);
  if (!source) return;
  ours(source).client = nullptr;
  g_source_destroy(source);
}

void Source::forget() noexcept {
  if (GSource* source = std::exchange(source_, nullptr)) ours(source).client = nullptr;
}

void Source::set_ready_time(gint64 us) noexcept { ours(source_).ready_us = us; }
bool Source::due() const noexcept { return is_due(source_); }

}  // namespace poe::glib
