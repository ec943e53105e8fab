// SPDX-License-Identifier: MIT
//
// SocketPlan: what a SocketFactory's options mean in the words of the system: domain, type, protocol, and which of its
// three ways it goes. Throws for bugs of the caller, answers errors for what may come from a configuration file.
#pragma once

#include <cstdint>

#include "poe/error.hpp"
#include "poe/wheels/resolver.hpp"
#include "poe/wheels/socket_factory_options.hpp"

namespace poe {

enum class SocketMode : std::uint8_t { listening, connecting, datagram };

struct SocketPlan {
  int family = 0;  ///< AF_*; 0: by address
  int type = 0;    ///< SOCK_*
  int protocol = 0;
  SocketMode mode = SocketMode::listening;

  bool is_unix() const noexcept;
  ResolveQuery bind_query(const SocketFactoryOptions& options) const;
  ResolveQuery remote_query(const SocketFactoryOptions& options) const;
};

/// Throws std::invalid_argument: a bug in the caller (P133, P140).
[[noreturn]] void misuse(const std::string& what);
/// As misuse(), if there is one.
void check_options(const SocketFactoryOptions& options);

/// Steps domain, getprotobyname, getprotobynumber. Throws std::invalid_argument if the protocol is not supported.
Result<SocketPlan> plan_socket(const SocketFactoryOptions& options);

/// The address of a Unix socket as options spell it: '@' or a leading NUL for an abstract name.
Result<SocketAddress> unix_address(const std::string& text);

}  // namespace poe
