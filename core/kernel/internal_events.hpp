// SPDX-License-Identifier: MIT
//
// Events the kernel posts to itself. No session can have handlers for them: their names are nowhere public.
#pragma once

#include <cstdint>

#include "kernel_core.hpp"
#include "poe/ask_ticket.hpp"

namespace poe::internal {

inline constexpr Event<> look_again{"_gc"};  // a new session's first chance to be found unreachable (P042)
inline constexpr Event<std::uint32_t, std::uint32_t> fifo_timer{"_timer"};  // index, ticket
inline constexpr Event<Fn<void()>> deferred{"_deferred"};
inline constexpr Event<SignalRequest> signal{"_signal_request"};
inline constexpr Event<DynamicCall> dynamic{"_dynamic"};
inline constexpr Event<std::uint32_t, std::uint32_t> child_ended{"_child_ended"};  // index, generation
inline constexpr Event<std::uint32_t, std::uint32_t> go_on{"_go_on"};      // a Task: index, generation of its await
inline constexpr Event<std::uint32_t, std::uint32_t> await_due{"_await"};  // the same: its time is over
inline constexpr Event<AskTicket> ask{"_ask"};
inline constexpr Event<> task{"_task"};                // names a Task in reports
inline constexpr Event<> body_ended{"_body_ended"};    // the session goes with it
inline constexpr Event<std::uint32_t> ready{"ready"};  // names I/O in reports

}  // namespace poe::internal
