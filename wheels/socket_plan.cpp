// SPDX-License-Identifier: MIT
#include "socket_plan.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>

namespace poe {
namespace {

std::optional<int> family_of(SocketDomain domain) {
  switch (domain) {
    case SocketDomain::any:
      return AF_UNSPEC;
    case SocketDomain::ipv4:
      return AF_INET;
    case SocketDomain::ipv6:
      return AF_INET6;
    case SocketDomain::local:
      return AF_UNIX;
  }
  return std::nullopt;
}

std::optional<int> number_of(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Whether this machine's list of protocols (a local file) has it; only then is it unsupported rather than unknown.
bool system_knows(const std::string& name, std::optional<int> number) {
  protoent entry{};
  protoent* found = nullptr;
  std::array<char, 4096> room{};
  if (number) {
    ::getprotobynumber_r(*number, &entry, room.data(), room.size(), &found);
  } else {
    ::getprotobyname_r(name.c_str(), &entry, room.data(), room.size(), &found);
  }
  return found != nullptr;
}

/// 0: the type's own.
Result<int> protocol_of(const std::string& name) {
  const auto number = number_of(name);
  if (name.empty()) return 0;
  if (name == "tcp" || number == IPPROTO_TCP) return IPPROTO_TCP;
  if (name == "udp" || number == IPPROTO_UDP) return IPPROTO_UDP;
  if (system_knows(name, number)) misuse("protocol \"" + name + "\" is not supported, only tcp and udp are");
  return failure(Errc::system, number ? "getprotobynumber" : "getprotobyname", '"' + name + '"',
                 "this machine knows no such protocol", "use \"tcp\" or \"udp\"");
}

int type_of(SocketType type, int protocol) {
  switch (type) {
    case SocketType::stream:
      return SOCK_STREAM;
    case SocketType::datagram:
      return SOCK_DGRAM;
    case SocketType::seqpacket:
      return SOCK_SEQPACKET;
    case SocketType::by_protocol:
      break;
  }
  return protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
}

SocketMode mode_of(const SocketFactoryOptions& options, int type) {
  if (!options.remote_address.empty()) return SocketMode::connecting;
  return type == SOCK_DGRAM ? SocketMode::datagram : SocketMode::listening;
}

}  // namespace

bool SocketPlan::is_unix() const noexcept { return family == AF_UNIX; }

ResolveQuery SocketPlan::bind_query(const SocketFactoryOptions& options) const {
  ResolveQuery query(options.bind_address, options.bind_port.text(), family);
  query.datagram = type == SOCK_DGRAM;
  query.passive = true;
  return query;
}

ResolveQuery SocketPlan::remote_query(const SocketFactoryOptions& options) const {
  ResolveQuery query(options.remote_address, options.remote_port.text(), family);
  query.datagram = type == SOCK_DGRAM;
  return query;
}

void misuse(const std::string& what) { throw std::invalid_argument("SocketFactory: " + what); }

void check_options(const SocketFactoryOptions& options) {
  if (!options.on_success && options.on_failure) misuse("on_success is missing");
  if (options.on_success && !options.on_failure) misuse("on_failure is missing");
  const bool local = options.domain == SocketDomain::local;
  if (!local && !options.remote_address.empty() && options.remote_port.empty()) misuse("remote_port is missing");
  if (!local && options.remote_address.empty() && !options.remote_port.empty()) misuse("remote_address is missing");
}

Result<SocketPlan> plan_socket(const SocketFactoryOptions& options) {
  SocketPlan plan;
  const auto family = family_of(options.domain);
  if (!family) {
    return failure(Errc::invalid_argument, "domain", std::to_string(static_cast<int>(options.domain)),
                   "there is no such socket domain", "use any, ipv4, ipv6 or local");
  }
  plan.family = *family;
  if (!plan.is_unix()) {
    auto protocol = protocol_of(options.protocol);
    if (!protocol) return failure(protocol.error());
    plan.protocol = *protocol;
  }
  plan.type = type_of(options.type, plan.protocol);
  plan.mode = mode_of(options, plan.type);
  return plan;
}

Result<SocketAddress> unix_address(const std::string& text) {
  auto address =
      text.starts_with('@') ? SocketAddress::unix_path('\0' + text.substr(1)) : SocketAddress::unix_path(text);
  if (address || address.error().operation() == "pack_sockaddr_un") return address;
  const Error& error = address.error();
  return failure(error.code(), "pack_sockaddr_un", error.subject(), error.reason(), error.advice());
}

}  // namespace poe
