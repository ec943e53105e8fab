// SPDX-License-Identifier: MIT
//
// Opening a checked file as code: dlopen of that very descriptor, once per file and process, never undone.
#pragma once

#include "plugin_file.hpp"

namespace poe::host_room {

/// The address of `symbol` in a file. Any thread.
/// @param path    of the file, for the texts, and where there is no /proc
/// @param advice  what to do if it has no such symbol
/// Codes: no_loop (the dynamic linker refused: the text is its own), not_a_plugin (no such symbol), untrusted (the file
/// changed under us; a sealed copy without /proc).
Checked<void*> open_symbol(const std::string& path, const CheckedFile& checked, const char* symbol,
                           const std::string& advice);

/// The plug-in's descriptor as its poe_loop_entry() returns it; not judged. Any thread.
/// Codes: as open_symbol(); not_a_plugin also where poe_loop_entry() returns NULL.
Checked<const poe_loop_plugin*> open_object(const PluginFile& file, const CheckedFile& checked);

/// The reason open_object() gives begins so when a library the plug-in needs is not installed.
inline constexpr const char* kMissingLibrary = "a library it needs is missing: ";

}  // namespace poe::host_room
