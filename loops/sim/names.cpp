// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <array>
#include <cstdio>

#include "named_socket.hpp"

namespace poe::sim {

namespace {

bool overlap(const std::string& one, const Address& other) {
  return one == other.host || other.is_any() || one.find_first_not_of('\0') == std::string::npos;
}

}  // namespace

Names::Place Names::place_of(int type, const Address& address) {
  return {type, address.family, address.port, address.is_unix() ? address.host : std::string()};
}

bool Names::taken(const NamedSocket& by, const Address& address) const {
  const auto [begin, end] = claims_.equal_range(place_of(by.type(), address));
  for (auto claim = begin; claim != end; ++claim) {
    const auto owner = claim->second.owner.lock();
    if (!owner || !overlap(claim->second.host, address)) continue;
    const bool shared = !address.is_unix() && by.reuses_address() && owner->reuses_address() && !owner->listening();
    if (!shared) return true;
  }
  return false;
}

int Names::choose_port(int type, Address& address) {
  for (int tries = kLastPort - kFirstPort; tries >= 0; --tries) {
    address.port = next_port_;
    next_port_ = next_port_ == kLastPort ? kFirstPort : static_cast<uint16_t>(next_port_ + 1);
    if (!claims_.contains(place_of(type, address))) return 0;
  }
  address.port = 0;
  return -EADDRINUSE;
}

void Names::choose_unix_name(int type, Address& address) {
  do {
    std::array<char, 8> text{};
    const int length = std::snprintf(text.data(), text.size(), "%05x", next_name_++ & 0xfffffU);
    address.host = '\0' + std::string(text.data(), static_cast<size_t>(length));
  } while (claims_.contains(place_of(type, address)));
}

int Names::claim(const std::shared_ptr<NamedSocket>& owner, Address& address) {
  if (!address.is_unix() && !address.is_any() && !address.is_loopback()) return -EADDRNOTAVAIL;
  if (address.is_unix() && address.host.empty()) choose_unix_name(owner->type(), address);
  if (!address.is_unix() && address.port == 0) {
    if (const int error = choose_port(owner->type(), address); error != 0) return error;
  }
  if (taken(*owner, address)) return -EADDRINUSE;
  claims_.emplace(place_of(owner->type(), address), Claim{address.host, owner});
  return 0;
}

void Names::release(const NamedSocket& owner, const Address& address) {
  const auto [begin, end] = claims_.equal_range(place_of(owner.type(), address));
  for (auto claim = begin; claim != end; ++claim) {
    if (claim->second.owner.lock().get() != &owner) continue;
    claims_.erase(claim);
    return;
  }
}

std::shared_ptr<NamedSocket> Names::find(int type, const Address& address) const {
  std::shared_ptr<NamedSocket> wildcard;
  const auto [begin, end] = claims_.equal_range(place_of(type, address));
  for (auto claim = begin; claim != end; ++claim) {
    auto owner = claim->second.owner.lock();
    if (!owner || (type == SOCK_STREAM && !owner->listening())) continue;
    if (claim->second.host == address.host) return owner;
    if (overlap(claim->second.host, address)) wildcard = std::move(owner);
  }
  return wildcard;
}

bool Names::listened_to(const NamedSocket& socket) const {
  const Address& address = socket.local();
  const auto [begin, end] = claims_.equal_range(place_of(socket.type(), address));
  for (auto claim = begin; claim != end; ++claim) {
    const auto owner = claim->second.owner.lock();
    if (owner && owner.get() != &socket && owner->listening() && overlap(claim->second.host, address)) return true;
  }
  return false;
}

}  // namespace poe::sim
