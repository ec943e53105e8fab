// SPDX-License-Identifier: MIT
//
// Loop plug-ins: where they are looked for, which files are trusted, what they say of themselves, and which one a
// kernel gets. Most programs never include this: open_kernel() (poe/open.hpp) does it all. Tools that list loops and
// programs that want the reasons do. What a file must be to be opened: plugins/README.md.
//
// Any thread, except where a function says otherwise; one object must not be used by two threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/log.hpp"
#include "poe/loop_abi.h"
#include "poe/loop_provider.hpp"

namespace poe {

/// What became of one plug-in file.
enum class LoopStatus : int {
  usable,           ///< trusted, speaks our ABI; opened without a complaint if it was opened at all
  refused,          ///< LoopCandidate::error says why
  missing_library,  ///< a good plug-in, but a library it needs is not installed
  shadowed,         ///< an earlier folder has a file of the same name, or it is built in, and that one is used
};

/// "usable", "refused", "missing_library", "shadowed".
POE_API std::string_view to_string(LoopStatus status) noexcept;

/// One loop, a plug-in file or built in, and what is known about it. A value.
struct LoopCandidate {
  std::string name;       ///< from libpoe_loop_<name>.so
  std::string path;       ///< absolute; empty if it is built in
  bool built_in = false;  ///< linked into libpoe (POE_STATIC_LOOPS): never loaded, always usable
  LoopStatus status = LoopStatus::usable;
  std::string reason{};                 ///< one line why it is not usable; empty if it is
  std::string advice{};                 ///< what to do about that; may be empty
  std::optional<Error> error{};         ///< the same as load() would give, with all details
  std::vector<std::string> warnings{};  ///< usable all the same: "the file may be changed by its group"

  // From the note in the file; known unless the file was refused before it was read.
  std::uint16_t abi_major = 0;
  std::uint16_t abi_minor = 0;
  std::string version{};                    ///< the plug-in's own
  std::vector<std::string> host_sonames{};  ///< libraries whose presence hints at a live host

  // From the plug-in itself; known only after LoopRegistry::inspect(), or if it is built in.
  std::string library{};                    ///< what does the waiting: "libuv"
  std::string library_version{};            ///< as the library says at run time
  std::string licence{};                    ///< of that library, SPDX
  std::vector<std::string> capabilities{};  ///< lower case: "nested_step", "priority"
  std::vector<std::string> options{};       ///< "name=meaning; values; default"

  /// Place among the loops that are chosen by themselves, 1 first; 0: only when asked for, or when its host is live.
  int rank = 0;
};

/// A folder on the search path, in search order.
struct LoopFolder {
  std::string path;       ///< canonical where it exists
  std::string origin;     ///< "argument", "POE_LOOP_PATH", "beside the library", "installed"
  std::string skipped{};  ///< why nothing in it is looked at; empty: it is searched
};

/// Finds, checks and opens loop plug-ins.
///
/// Search order: the folders given, POE_LOOP_PATH (colon-separated), `poe/loops-1` beside our own library, the folder
/// it was configured to be installed to. The environment is ignored in a privilege-raised process (set-uid, set-gid,
/// file capabilities). Loops that are built in go before all files; of files, the first of a name decides. Others of
/// that name are shadowed. A build with POE_LOAD_LOOPS=OFF has only what is built in and looks for no file.
///
/// An allow-list names the files that may be opened by the SHA-256 of their content, in a file as sha256sum(1) writes
/// it (`sha256sum libpoe_loop_*.so >loops.sha256`). POE_LOOP_ALLOW names one more; then a file must be in both. A list
/// that cannot be used - missing, malformed, changeable by others - allows nothing. Loops that are built in need no
/// line.
class POE_API LoopRegistry {
 public:
  /// Reads POE_LOOP_PATH, POE_LOOP_ALLOW and the allow-lists now.
  /// @param folders     absolute; a relative one is skipped and says so in folders()
  /// @param allow_list  absolute path; empty: none but that of POE_LOOP_ALLOW
  explicit LoopRegistry(const std::vector<std::string>& folders = {}, const std::string& allow_list = {});
  LoopRegistry(LoopRegistry&&) noexcept;
  LoopRegistry& operator=(LoopRegistry&&) noexcept;
  ~LoopRegistry();

  /// The search path with what was skipped and why.
  std::vector<LoopFolder> folders() const;

  /// Every plug-in file found, sorted by rank and name, judged by owner, mode and ELF note. Opens nothing, so no
  /// plug-in code runs.
  std::vector<LoopCandidate> candidates() const;

  /// The same, and opens each that is trusted, to ask it for its library, licence and capabilities. This loads the
  /// toolkits behind them into the process for good: for tools.
  std::vector<LoopCandidate> inspect() const;

  /// Opens one loop by its exact name, lower case. The plug-in is never unloaded; opening it again is cheap.
  /// Errors: no_loop (no such file; a library is missing), untrusted, not_a_plugin, abi_mismatch, invalid_argument.
  /// Warnings, one line each, are appended to `*warnings` if it is given.
  Result<const poe_loop_plugin*> load(std::string_view name, std::vector<std::string>* warnings = nullptr) const;

  /// Opens another shared object that lies in the folder of a loop's file, held to all that a plug-in is held to:
  /// owner, mode, links, allow-lists. For tools, as the host adapters of the conformance kit are loaded. Never
  /// unloaded.
  /// @param name  exact, of a loop that is a file
  /// @param file  its name, without a folder
  /// @return the address of `symbol` in it, not called
  /// Errors: no_loop (no such loop or file, the loop is built in, a library is missing), untrusted, not_a_plugin (no
  /// such symbol), invalid_argument. Warnings as load().
  Result<void*> load_beside(std::string_view name, const std::string& file, const char* symbol,
                            std::vector<std::string>* warnings = nullptr) const;

  /// A list of words for "found:" lines: "epoll 1.0.0, poll 1.0.0 (poe loops lists them)".
  std::string summary() const;

 private:
  struct State;
  Error not_found(std::string_view name) const;

  std::unique_ptr<State> state_;
};

/// What a program may say about its loop.
struct LoopRequest {
  std::string loop{};  ///< a name or an alias ("uv", "libuv", "IO_Poll"); empty: POE_EVENT_LOOP decides
  std::vector<std::string> plugin_dirs{};  ///< searched first, absolute
  LogSink* log = nullptr;                  ///< borrowed, outlives the provider; nullptr: stderr_log()
  std::string allow_list{};                ///< see LoopRegistry; absolute path
};

/// The provider a kernel gets its loop from: the request, else POE_EVENT_LOOP, else a live host on this thread, else
/// epoll, poll or select. The decision is logged once, at debug level; explain() lists every candidate and reason.
POE_API std::unique_ptr<LoopProvider> make_loop_provider(LoopRequest request = {});

/// The plug-in's name for what people type: any case, POE's own names and prefixes ("POE::Loop::IO_Poll", "XS::Poll"),
/// "libuv", "gtk2". Errors: invalid_argument for what can be no name, no_loop with a hint for toolkits we have no
/// plug-in for ("Tk"). A well-formed name nobody knows comes back in lower case. (Inventory 1.7.)
POE_API Result<std::string> loop_name(std::string_view typed);

}  // namespace poe
