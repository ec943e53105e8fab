// SPDX-License-Identifier: MIT
//
// SignalBroker: the one piece of process-wide state. A process has one disposition per signal, so all kernels share one
// handler, which writes the signal's number into the pipe of every kernel that watches it and then calls the handler
// it replaced. Registration is under a lock; the handler itself only reads atomics and writes to pipes.
//
// No signalfd: it needs the signal blocked in every thread, children inherit that mask, and the host's own handlers
// would fall silent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace poe {

/// "INT" or "SIGINT" -> SIGINT; 0 for names that are no OS signal.
int signal_number(std::string_view name) noexcept;
/// SIGINT -> "INT"; "" for unknown numbers.
std::string_view signal_name(int number) noexcept;
/// Without a leading "SIG" if the rest is an OS signal.
std::string_view canonical_signal(std::string_view name) noexcept;

namespace broker {

/// A kernel's place at the broker: `write_fd` gets one byte, the signal's number, for each signal watched. Returns a
/// seat number, or -1 if all 256 are taken.
int join(int write_fd) noexcept;
void leave(int seat) noexcept;

/// Whose fault it is that a second signal kills: `once` gives the disposition back with the first.
enum class Mode : std::uint8_t { steady, once };
/// 0 or -errno. `once` only takes a signal whose disposition is the default, otherwise it does nothing.
int watch(int seat, int number, Mode mode) noexcept;
/// The disposition is restored with the last watch, if it still is ours.
void unwatch(int seat, int number, Mode mode) noexcept;

/// Whether any kernel of this process watches the signal (Mode::steady).
bool is_watched(int number) noexcept;

/// How many signals of that number did not fit into the seat's pipe; resets the count.
std::uint32_t take_overflow(int seat, int number) noexcept;

/// In the child of a fork, before leave(): forgets what threads that did not come along were doing.
void adopt_process() noexcept;

}  // namespace broker
}  // namespace poe
