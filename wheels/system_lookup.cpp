// SPDX-License-Identifier: MIT
//
// The look-ups of the system: system_lookup() blocks, and is for helper threads alone.
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "poe/wheels/resolver.hpp"

namespace poe {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

constexpr const char* kServiceAdvice = "use the number, or add the service to /etc/services";

const char* advice_for(int code) {
  switch (code) {
    case EAI_NONAME:
      return "check the spelling, or ask `getent ahosts NAME`";
    case EAI_AGAIN:
      return "the name server did not answer: try again later, check /etc/resolv.conf";
    case EAI_ADDRFAMILY:
    case EAI_NODATA:
      return "the name has no address of the family that was asked for: allow both";
    default:
      return "ask `getent ahosts NAME` to see what the system says";
  }
}

std::vector<SocketAddress> collect(const addrinfo* list, std::uint16_t port) {
  std::vector<SocketAddress> found;
  for (; list != nullptr; list = list->ai_next) {
    found.push_back(SocketAddress::from_raw(list->ai_addr, list->ai_addrlen).with_port(port));
  }
  return found;
}

}  // namespace

Result<std::uint16_t> service_port(const ResolveQuery& query) {
  const std::string& name = query.service;
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size()) return number;
  if (name.empty()) return std::uint16_t{0};
  servent entry{};
  servent* found = nullptr;
  std::array<char, 4096> room{};
  const char* protocol = query.datagram ? "udp" : "tcp";
  ::getservbyname_r(name.c_str(), protocol, &entry, room.data(), room.size(), &found);
  if (found != nullptr) return ntohs(static_cast<std::uint16_t>(found->s_port));
  return failure(Errc::system, "getservbyname", name + '/' + protocol, "this machine knows no such service",
                 kServiceAdvice);
}

ResolveAnswer system_lookup(const ResolveQuery& query) {
  const auto port = service_port(query);
  if (!port) return failure(port.error());
  addrinfo hints{};
  hints.ai_family = query.family;
  hints.ai_socktype = query.datagram ? SOCK_DGRAM : SOCK_STREAM;  // else each address comes three times
  // Addresses of a family this machine has are of use. Why not for a family that was asked for: loopback does not count
  // there, so that without a network localhost would not be found.
  if (query.family == AF_UNSPEC) hints.ai_flags |= AI_ADDRCONFIG;
  if (query.passive) hints.ai_flags |= AI_PASSIVE;
  addrinfo* list = nullptr;
  const char* host = query.host.empty() ? nullptr : query.host.c_str();
  const int code = ::getaddrinfo(host, host == nullptr ? "0" : nullptr, &hints, &list);
  const int number = errno;  // means something for EAI_SYSTEM only
  const Addresses owned(list);
  if (code == 0) return collect(owned.get(), *port);
  if (code == EAI_SYSTEM) return system_failure(number, "getaddrinfo", query.to_string(), advice_for(code));
  return failure(Errc::system, "getaddrinfo", query.to_string(), ::gai_strerror(code), advice_for(code));
}

}  // namespace poe
