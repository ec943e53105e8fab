// SPDX-License-Identifier: MIT
//
// What can be read off a bridge class: which optional ops it has, and its capability bits.
#pragma once

#include <concepts>
#include <cstdint>

#include "poe/loop_abi.h"

namespace poe::loop {

/// The bits of a set of capability numbers below 64, as kCapabilities wants them: bits(POE_CAP_PRIORITY, …).
template <class... N>
consteval std::uint64_t bits(N... numbers) {
  return (std::uint64_t{0} | ... | (std::uint64_t{1} << numbers));
}

template <class L>
concept HasRun = requires(L& l) {
  l.run();
};
template <class L>
concept HasStop = requires(L& l) {
  l.stop();
};
template <class L>
concept HasNow = requires(L& l) {
  { l.now() } -> std::same_as<std::int64_t>;
};
template <class L>
concept HasHold = requires(L& l) {
  l.hold(true);
};
template <class L>
concept HasPollable = requires(L& l, poe_pollable& p) {
  l.pollable(p);
};
template <class L>
concept HasExtension = requires(L& l, const char* n) {
  { l.extension(n) } -> std::convertible_to<const void*>;
};
template <class L>
concept HasClose = requires(L& l) {
  l.close();
};
template <class L>
concept HasAbandon = requires(L& l) {
  l.abandon();
};
template <class L>
concept HasProbe = requires(void** f, const char** r) {
  { L::probe(f, r) } -> std::same_as<int>;
};
template <class L>
concept HasOptions = requires {
  L::kOptionSchema;
};

/// The declared bits, and those the members show.
template <class L>
inline constexpr std::uint64_t kAllCapabilities = L::kCapabilities | (HasRun<L> ? bits(POE_CAP_RUN) : 0) |
                                                  (HasPollable<L> ? bits(POE_CAP_POLLABLE) : 0);
template <class L>
constexpr bool can(std::uint32_t capability) {
  return (kAllCapabilities<L> >> capability & 1) != 0;
}

template <class L>
constexpr const char* const* option_schema() {
  if constexpr (HasOptions<L>) return L::kOptionSchema;
  return nullptr;
}

}  // namespace poe::loop
