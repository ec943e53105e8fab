// SPDX-License-Identifier: MIT
//
// The running kernel's release, for bridges whose library is the operating system.
#pragma once

#include <sys/utsname.h>

namespace poe::loop {

/// "6.1.0-18-amd64"; static storage, any thread.
inline const char* os_release() noexcept {
  static const utsname name = [] {
    utsname n{};
    uname(&n);
    return n;
  }();
  return name.release;
}

}  // namespace poe::loop
