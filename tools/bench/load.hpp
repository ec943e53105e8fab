// SPDX-License-Identifier: MIT
//
// The client of every echo server: raw epoll, 64-byte messages, one under way per connection.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>

#include "run.hpp"

namespace poe::bench {

sockaddr_in loopback(std::uint16_t port) noexcept;
std::uint16_t port_of(int socket) noexcept;

/// Connects Run::size times, warms up, exchanges Run::operations messages, and gives the CPU time, in ns, that process
/// `server` spent meanwhile. Then closes all connections. Throws what went wrong.
double send_load(const Run& run, std::uint16_t port, pid_t server);

}  // namespace poe::bench
