// SPDX-License-Identifier: MIT
//
// The client of every server: raw epoll, many connections, one thread.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "poe/fd.hpp"
#include "run.hpp"

namespace poe::bench {

sockaddr_in loopback(std::uint16_t port) noexcept;
std::uint16_t port_of(int socket) noexcept;
/// A connection to a port of this machine, with blocking calls; throws what went wrong.
Fd connect_to(std::uint16_t port);
/// TCP_NODELAY: no side may wait for the other one's delayed acknowledgement.
void send_at_once(int socket) noexcept;
[[noreturn]] void throw_errno(const char* what);

/// Octets of one line, its newline included, in the line cases.
inline constexpr std::size_t kLine = 32;
/// Octets of the file in the file cases, and where a server has it: beneath a folder of its own.
inline constexpr std::size_t kFileOctets = 10'000'000;
inline constexpr std::string_view kFileName = "ten_megabytes.bin";

/// Waits until the server listens, warms up, does Run::operations of that kind, and gives what they took of `server`,
/// or of Meeting::worker: CPU time, or what else the case measures. Then closes all connections, and ends that worker.
/// Throws what went wrong.
double send_load(Kind kind, const Run& run, pid_t server);

// One file each: load.cpp (echo, idle), load_stream.cpp, load_file.cpp.

/// Reads what is measured of the server.
using Meter = double (*)(pid_t server);
double cpu_of(pid_t server);

double echo_load(const Run& run, std::uint16_t port, pid_t server);
double idle_load(const Run& run, std::uint16_t port, pid_t server);
double line_load(const Run& run, std::uint16_t port, pid_t server);
double http_load(const Run& run, std::uint16_t port, pid_t server);
double file_load(const Run& run, std::uint16_t port, pid_t server, Meter meter);

}  // namespace poe::bench
