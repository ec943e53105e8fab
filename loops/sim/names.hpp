// SPDX-License-Identifier: MIT
// Who has which address: the ports and Unix names in use.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "address.hpp"

namespace poe::sim {

class NamedSocket;

class Names {
 public:
  /// Gives `address` to `owner`; port 0, or an empty Unix name, is replaced by a free one. 0, -EADDRINUSE or
  /// -EADDRNOTAVAIL.
  int claim(const std::shared_ptr<NamedSocket>& owner, Address& address);

  /// Takes back what `owner` has.
  void release(const NamedSocket& owner, const Address& address);

  /// Who is reached under `address` by sockets of `type`: an exact name goes before a wildcard. Or nullptr.
  std::shared_ptr<NamedSocket> find(int type, const Address& address) const;

  /// Whether the address is in use at all, listening or not.
  bool known(int type, const Address& address) const { return claims_.contains(place_of(type, address)); }

  /// Whether somebody else listens where `socket` wants to.
  bool listened_to(const NamedSocket& socket) const;

 private:
  /// Sockets in the same place compete for it if their hosts overlap.
  struct Place {
    int type;
    int family;
    uint16_t port;
    std::string unix_name;
    auto operator<=>(const Place&) const = default;
  };
  struct Claim {
    std::string host;
    std::weak_ptr<NamedSocket> owner;
  };
  static Place place_of(int type, const Address& address);
  bool taken(const NamedSocket& by, const Address& address) const;
  int choose_port(int type, Address& address);
  void choose_unix_name(int type, Address& address);

  std::multimap<Place, Claim> claims_;
  uint16_t next_port_ = kFirstPort;
  uint32_t next_name_ = 0;

  static constexpr uint16_t kFirstPort = 32768;  // Linux's range for ports chosen by the system
  static constexpr uint16_t kLastPort = 60999;
};

}  // namespace poe::sim
