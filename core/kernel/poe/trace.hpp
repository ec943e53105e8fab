// SPDX-License-Identifier: MIT
//
// POE's trace and assert flags, for KernelOptions and the environment (POE_TRACE, POE_ASSERT).
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include "poe/error.hpp"
#include "poe/export.hpp"

namespace poe {

/// What the kernel writes to its log, a line for each; a set of bits.
enum class Trace : std::uint8_t {
  none = 0,
  events = 1,    ///< queued and handled
  sessions = 2,  ///< born and ended
  refs = 4,      ///< what keeps sessions alive, counted
  signalling = 8,
  turns = 16,  ///< calls of the loop
  all = 31,
};

/// What the kernel is strict about; a set of bits.
enum class Assert : std::uint8_t {
  none = 0,
  data = 1,   ///< counts all references again after each turn; a difference is written and ends the process
  usage = 2,  ///< posts that fail and events without a handler are written as errors
  all = 3,
};

template <class Flags>
concept FlagSet = std::same_as<Flags, Trace> || std::same_as<Flags, Assert>;

template <FlagSet Flags>
constexpr Flags operator|(Flags a, Flags b) noexcept {
  return static_cast<Flags>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
template <FlagSet Flags>
constexpr bool has(Flags set, Flags one) noexcept {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

/// Reads "events,refs". Error invalid_argument names the word and the flags there are.
POE_API Result<Trace> parse_trace(std::string_view text);
POE_API Result<Assert> parse_assert(std::string_view text);

}  // namespace poe
