// SPDX-License-Identifier: MIT
#include "datagram_open.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

namespace poe {
namespace {

std::string open_advice(int number, const SocketAddress& where) {
  switch (number) {
    case EADDRINUSE:
      return where.family() == AF_UNIX ? "remove the file if nobody uses it, or choose another path"
                                       : "another socket has it: choose another port, or `reuse` for multicast";
    case EADDRNOTAVAIL:
      return "this machine has no such address: see `ip addr`";
    case EACCES:
      return where.family() == AF_UNIX ? "permission: check the folder's or the file's mode"
                                       : "ports below 1024 need privileges; broadcast addresses need `broadcast`";
    case ECONNREFUSED:
    case ENOENT:
      return "nobody is there: start the server, or check the path";
    case EAFNOSUPPORT:
      return "local and remote address must be of one family, which this system has";
    case EMFILE:
      return "this process has used up its descriptors: close some, or raise `ulimit -n`";
    default:
      return {};
  }
}

/// What one option of the socket is called, and what to do without it.
struct Switch {
  bool wanted;
  int level;
  int name;
  int value;
  const char* label;
  const char* advice;
};

/// How to have the network's refusals kept for us; does nothing where there is no such option.
Result<void> ask_for_peer_errors([[maybe_unused]] const Fd& socket, [[maybe_unused]] int family) {
#ifdef IP_RECVERR
  const char* const advice = "do without `peer_errors`";
  if (family == AF_INET6) {
    // For the peers it knows as ::ffff:a.b.c.d; refused by none that has IPv6, and not worth failing for.
    static_cast<void>(set_socket_option(socket, IPPROTO_IP, IP_RECVERR, 1, "IP_RECVERR", advice));
    return set_socket_option(socket, IPPROTO_IPV6, IPV6_RECVERR, 1, "IPV6_RECVERR", advice);
  }
  return set_socket_option(socket, IPPROTO_IP, IP_RECVERR, 1, "IP_RECVERR", advice);
#else
  return failure(Errc::not_supported, "setsockopt", "IP_RECVERR", "this system has no such option",
                 "do without `peer_errors`");
#endif
}

Result<void> set_options(const Fd& socket, const DatagramOptions& options, int family) {
  const Switch switches[] = {
      {options.reuse, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR", "do without `reuse`"},
      {options.share_port, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT", "do without `share_port`"},
      {options.broadcast, SOL_SOCKET, SO_BROADCAST, 1, "SO_BROADCAST", "do without `broadcast`"},
      {options.v6_only && family == AF_INET6, IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only.value_or(false) ? 1 : 0,
       "IPV6_V6ONLY", "do without `v6_only`"},
      {options.receive_buffer > 0, SOL_SOCKET, SO_RCVBUF, options.receive_buffer, "SO_RCVBUF", "leave it at 0"},
      {options.send_buffer > 0, SOL_SOCKET, SO_SNDBUF, options.send_buffer, "SO_SNDBUF", "leave it at 0"},
  };
  for (const Switch& one : switches) {
    if (!one.wanted) continue;
    if (auto set = set_socket_option(socket, one.level, one.name, one.value, one.label, one.advice); !set) return set;
  }
  if (options.peer_errors && family != AF_UNIX) return ask_for_peer_errors(socket, family);
  return {};
}

using AddressCall = int (*)(void*, int, const void*, std::uint32_t);

Result<void> apply_address(const Fd& socket, AddressCall call, const char* step, const SocketAddress& where) {
  if (!where) return {};
  const int result = call(socket.system().ctx, socket.get(), where.data(), where.size());
  if (result < 0) return system_failure(-result, step, where.to_string(), open_advice(-result, where));
  return {};
}

/// A socket of the caller's.
Result<Fd> adopt(Fd socket) {
  const poe_sys& system = socket.system();
  const std::string subject = "descriptor " + std::to_string(socket.get());
  const char* const advice = "give DatagramSocket an open datagram socket of this kernel's system";
  if (const int result = system.prepare(system.ctx, socket.get()); result < 0) {
    return system_failure(-result, "socket", subject, advice);
  }
  int type = 0;
  std::uint32_t size = sizeof type;
  const int asked = system.getsockopt(system.ctx, socket.get(), SOL_SOCKET, SO_TYPE, &type, &size);
  if (asked < 0) return system_failure(-asked, "socket", subject, advice);
  if (type == SOCK_DGRAM) return socket;
  return failure(Errc::invalid_argument, "socket", subject, "it is not a datagram socket", advice);
}

}  // namespace

Result<void> set_socket_option(const Fd& socket, int level, int name, const void* value, std::uint32_t size,
                               const std::string& label, const std::string& advice) {
  const poe_sys& system = socket.system();
  const int result = system.setsockopt(system.ctx, socket.get(), level, name, value, size);
  if (result < 0) return system_failure(-result, "setsockopt", label, advice);
  return {};
}

Result<void> set_socket_option(const Fd& socket, int level, int name, int value, const std::string& label,
                               const std::string& advice) {
  return set_socket_option(socket, level, name, &value, sizeof value, label, advice);
}

Result<Fd> open_datagram_socket(const poe_sys& system, DatagramOptions& options) {
  if (options.socket) return adopt(std::move(options.socket));
  const SocketAddress& main = options.local ? options.local : options.remote;
  const int got = system.socket(system.ctx, main.family(), SOCK_DGRAM, 0);
  if (got < 0) {
    return system_failure(-got, "socket", "a datagram socket for " + main.to_string(), open_advice(-got, main));
  }
  Fd socket(got, &system);
  if (auto set = set_options(socket, options, main.family()); !set) return failure(set.error());
  if (auto bound = apply_address(socket, system.bind, "bind", options.local); !bound) return failure(bound.error());
  auto connected = apply_address(socket, system.connect, "connect", options.remote);
  if (!connected) return failure(connected.error());
  return socket;
}

SocketAddress connected_to(const Fd& socket) {
  sockaddr_storage raw{};
  std::uint32_t size = sizeof raw;
  const poe_sys& system = socket.system();
  const int named = system.getpeername(system.ctx, socket.get(), &raw, &size);
  return named < 0 ? SocketAddress() : SocketAddress::from_raw(&raw, size);
}

}  // namespace poe
