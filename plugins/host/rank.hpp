// SPDX-License-Identifier: MIT
//
// The loops that are chosen by themselves, best first. The others are used when asked for, or when their host is live;
// the simulated one only when asked for.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace poe::host_room {

inline constexpr std::array<std::string_view, 3> kNativeLoops{"epoll", "poll", "select"};

/// 1 for the best; 0: not chosen by itself.
inline int rank_of(std::string_view name) {
  const auto at = std::find(kNativeLoops.begin(), kNativeLoops.end(), name);
  return at == kNativeLoops.end() ? 0 : static_cast<int>(at - kNativeLoops.begin()) + 1;
}

}  // namespace poe::host_room
