// SPDX-License-Identifier: MIT
//
// Link: a connected signal handler that goes with its owner. Include poe/glib.hpp.
#pragma once

#include <glib-object.h>

#include <memory>

namespace poe::glib {

/// A connection that ends with this object, or with the instance. Any thread; a signal that is being emitted on another
/// thread at that moment may still come through.
class [[nodiscard]] Link {
 public:
  Link() noexcept = default;
  Link(GObject* instance, gulong handler) : kept_(new Kept{{}, handler}) {
    g_weak_ref_init(&kept_->instance, instance);
  }
  Link(Link&&) noexcept = default;
  Link& operator=(Link&&) noexcept = default;

  void cancel() noexcept { kept_.reset(); }
  /// Leaves the connection to the instance, which ends it.
  void detach() && noexcept {
    if (kept_) kept_->handler = 0;
    kept_.reset();
  }
  /// Whether it is connected: false once the instance is gone.
  explicit operator bool() const noexcept { return kept_ && kept_->connected(); }

 private:
  struct Kept {
    GWeakRef instance;  // GLib knows it by its address
    gulong handler;
    bool connected() noexcept {
      GObject* object = static_cast<GObject*>(g_weak_ref_get(&instance));
      if (object == nullptr) return false;
      const bool is = g_signal_handler_is_connected(object, handler) != FALSE;
      g_object_unref(object);
      return is;
    }
  };
  struct End {
    void operator()(Kept* kept) const noexcept {
      GObject* object = kept->handler != 0 ? static_cast<GObject*>(g_weak_ref_get(&kept->instance)) : nullptr;
      if (object != nullptr) {
        if (g_signal_handler_is_connected(object, kept->handler)) g_signal_handler_disconnect(object, kept->handler);
        g_object_unref(object);
      }
      g_weak_ref_clear(&kept->instance);
      delete kept;
    }
  };
  std::unique_ptr<Kept, End> kept_;
};

}  // namespace poe::glib
