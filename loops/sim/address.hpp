// SPDX-License-Identifier: MIT
// Socket addresses of the simulated world: 127.0.0.0/8, ::1, the wildcards, and Unix names.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "node.hpp"

namespace poe::sim {

struct Address {
  int family = 0;    ///< AF_INET, AF_INET6 or AF_UNIX
  std::string host;  ///< the address' bytes, or the Unix name (abstract: with its leading zero; empty: none)
  uint16_t port = 0;

  auto operator<=>(const Address&) const = default;

  bool is_unix() const;
  /// 0.0.0.0 or ::, or an empty Unix name.
  bool is_any() const { return host.find_first_not_of('\0') == std::string::npos; }
  bool is_loopback() const;
};

/// The address a socket has before it got one.
Address no_address(int family);

/// The wildcard becomes the loopback address, as Linux does when connecting.
Address reachable(const Address& address);

/// Reads a sockaddr for a socket of `family`. 0, or -EINVAL, -EAFNOSUPPORT or -EFAULT.
int parse(int family, const void* bytes, uint32_t size, Address& ret);

/// Writes a sockaddr, cut to the room there is; nothing if no room was given.
void write(const Address& address, ReturnedAddress ret);

}  // namespace poe::sim
