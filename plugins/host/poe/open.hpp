// SPDX-License-Identifier: MIT
//
// open_kernel(): a kernel with the loop that suits this program, found as plugins/README.md says. What most programs
// include beside their sessions.
#pragma once

#include <bitset>
#include <string>
#include <vector>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/kernel.hpp"

namespace poe {

struct OpenOptions {
  /// A loop by name or alias: "epoll", "uv", "libuv"; empty: POE_EVENT_LOOP, else a live host on this thread, else the
  /// best native loop.
  std::string loop{};
  /// Absolute folders to look for plug-ins in before all others.
  std::vector<std::string> plugin_dirs{};
  KernelOptions kernel{};
  /// Absolute path of a file as sha256sum(1) writes it: only plug-ins whose SHA-256 is in it are opened, whatever
  /// folder they are in. POE_LOOP_ALLOW may narrow that further. Empty: any plug-in that is trusted by owner and mode.
  std::string allow_list{};
};

/// Makes a kernel. The loop itself is chosen when it is first needed, on the thread that needs it: run() chooses one to
/// run, attach() joins a host. What can be known before is checked here, so that a wrong name fails at once: errors
/// no_loop, untrusted, not_a_plugin, abi_mismatch, invalid_argument; their report() has all details.
POE_API Result<Kernel> open_kernel(OpenOptions options = {});

/// For the beginning of main(): opens /dev/null where the program was started without standard input, output or error
/// (`program <&-`). Otherwise the next descriptor made takes that number: what is printed would go into a socket, and
/// libuv aborts the process when it closes one of its own. open_kernel() does not do it: descriptors 0 to 2 are the
/// program's, not a library's. Before other threads.
/// @return  which of the three were missing, whether or not /dev/null could be opened.
POE_API std::bitset<3> fill_standard_descriptors() noexcept;

}  // namespace poe
