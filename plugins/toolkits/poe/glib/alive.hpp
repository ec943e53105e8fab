// SPDX-License-Identifier: MIT
//
// alive_flag: whether a GObject has been disposed of, for threads that must not hold it. Include poe/glib.hpp.
#pragma once

#include <glib-object.h>

#include <atomic>
#include <memory>

namespace poe::glib::detail {

using AliveFlag = std::shared_ptr<std::atomic<bool>>;

/// One flag an object, turned off when it is disposed of. The caller holds a reference of `object`; the flag does not.
///
/// Why not a GWeakRef: to ask one is to hold the object for a moment. If that was the last reference, the object would
/// be finalized on the thread that asked, which toolkits forbid. Why a flag of the object's: a weak notification of
/// one's own could be taken back by who holds the object only.
inline AliveFlag alive_flag(GObject* object) {
  static const GQuark key = g_quark_from_static_string("poe-alive");
  const auto known = [&] { return static_cast<AliveFlag*>(g_object_get_qdata(object, key)); };
  if (const AliveFlag* flag = known()) return *flag;
  const auto drop = [](gpointer flag) { delete static_cast<AliveFlag*>(flag); };
  auto made = std::make_unique<AliveFlag>(std::make_shared<std::atomic<bool>>(true));
  if (!g_object_replace_qdata(object, key, nullptr, made.get(), drop, nullptr)) return *known();  // another thread's
  AliveFlag* flag = made.release();
  g_object_weak_ref(
      object, [](gpointer at, GObject*) { static_cast<std::atomic<bool>*>(at)->store(false); }, flag->get());
  return *flag;
}

}  // namespace poe::glib::detail
