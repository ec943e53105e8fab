// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace poe {

/// Who: a value that names one session of one kernel. Copy it, keep it, send it; it owns nothing and keeps nobody
/// alive. After the session has ended it names nothing, and posting to it fails with `no_session` (P023). Never reused
/// while the program lives a realistic time: a slot takes 2^28 sessions before its first id comes back.
struct SessionId {
  std::uint64_t bits = 0;

  /// The place in the kernel's table; 0 is the kernel itself.
  constexpr std::uint32_t slot() const noexcept { return static_cast<std::uint32_t>(bits & 0xFFFFFF); }
  /// The number of the kernel the session lives in, 1 to 4095.
  constexpr std::uint32_t kernel() const noexcept { return static_cast<std::uint32_t>(bits >> 52); }

  explicit constexpr operator bool() const noexcept { return bits != 0; }
  friend constexpr auto operator<=>(SessionId, SessionId) noexcept = default;
};

}  // namespace poe

template <>
struct std::hash<poe::SessionId> {
  std::size_t operator()(poe::SessionId id) const noexcept { return std::hash<std::uint64_t>()(id.bits); }
};
