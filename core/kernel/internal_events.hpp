// SPDX-License-Identifier: MIT
//
// Events the kernel posts to itself. No session can have handlers for them: their names are nowhere public.
#pragma once

#include <cstdint>

#include "kernel_core.hpp"

namespace poe::internal {

inline constexpr Event<> look_again{"_gc"};  // a new session's first chance to be found unreachable (P042)
inline constexpr Event<std::uint32_t, std::uint32_t> fifo_timer{"_timer"};  // index, ticket
inline constexpr Event<Fn<void()>> deferred{"_deferred"};
inline constexpr Event<SignalRequest> signal{"_signal_request"};
inline constexpr Event<DynamicCall> dynamic{"_dynamic"};
inline constexpr Event<std::uint32_t, std::uint32_t> child_ended{"_child_ended"};  // index, generation
inline constexpr Event<std::uint32_t> ready{"ready"};                              // names I/O in reports

}  // namespace poe::internal
