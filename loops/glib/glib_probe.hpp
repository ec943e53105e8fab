// SPDX-License-Identifier: MIT
//
// Is this thread inside a GLib main loop, or about to run one? Links nothing of GTK: what is not loaded is not asked.
#pragma once

namespace poe::glib {

/// As poe_loop_plugin.probe.
int probe(void** ret_foreign, const char** ret_reason);

}  // namespace poe::glib
