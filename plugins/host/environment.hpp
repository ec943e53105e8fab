// SPDX-License-Identifier: MIT
//
// The process's environment as far as it may be believed.
#pragma once

#include <string>
#include <vector>

namespace poe::host_room {

/// The kernel raised our privileges when this program started (set-uid, set-gid, file capabilities): whoever started
/// it is not trusted with what it loads. Stays true after the privileges are dropped.
bool privileged() noexcept;

/// The variable's value, or "" where it is not set or privileged().
std::string environment(const char* name);

/// The variables of the loader that are set and have no effect, because of privileged().
std::vector<std::string> ignored_variables();

}  // namespace poe::host_room
