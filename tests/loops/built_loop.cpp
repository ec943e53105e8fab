// SPDX-License-Identifier: MIT
#include "built_loop.hpp"

#include <dlfcn.h>

#include "foreign.h"

namespace poe::test {

// A program of the kind that a loop can be a guest of: a matter of its library, so it is known by name here.
const poe_kit_foreign* host_for([[maybe_unused]] const std::string& loop) {
#ifdef POE_TEST_UV
  if (loop == "uv") return poe_foreign_uv();
#endif
#ifdef POE_TEST_EVENT
  if (loop == "event") return poe_foreign_event();
#endif
#ifdef POE_TEST_GLIB
  if (loop == "glib") return poe_foreign_glib();
#endif
#ifdef POE_TEST_QT
  if (loop == "qt") return poe_foreign_qt();
#endif
  return nullptr;
}

// Opened once and never closed, as the loader does: GLib and Qt cannot be unloaded.
const poe_loop_plugin* open_plugin(const std::string& loop, std::string& why) {
  const std::string path = std::string(POE_TEST_LOOP_DIR) + "/libpoe_loop_" + loop + ".so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void* entry = library ? dlsym(library, "poe_loop_entry") : nullptr;
  if (!entry) why = dlerror();
  return entry ? reinterpret_cast<const poe_loop_plugin* (*)()>(entry)() : nullptr;
}

}  // namespace poe::test
