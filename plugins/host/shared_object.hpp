// SPDX-License-Identifier: MIT
//
// Opening a checked file as code: dlopen of that very descriptor, once per file and process, never undone.
#pragma once

#include "plugin_file.hpp"

namespace poe::host_room {

/// The plug-in's descriptor as its poe_loop_entry() returns it; not judged. Any thread.
/// Codes: no_loop (the dynamic linker refused: the text is its own), not_a_plugin (no poe_loop_entry, or it returns
/// NULL), untrusted (the file changed under us; a sealed copy without /proc).
Checked<const poe_loop_plugin*> open_object(const PluginFile& file, const CheckedFile& checked);

/// The reason open_object() gives begins so when a library the plug-in needs is not installed.
inline constexpr const char* kMissingLibrary = "a library it needs is missing: ";

}  // namespace poe::host_room
