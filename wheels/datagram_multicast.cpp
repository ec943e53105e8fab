// SPDX-License-Identifier: MIT
//
// Groups of a DatagramSocket, by the calls that know both families (RFC 3678).
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>
#include <string>

#include "datagram_open.hpp"
#include "datagram_state.hpp"

namespace poe {
namespace {

int level_of(int family) { return family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP; }

tl::unexpected<Error> misuse(const char* step, std::string on, std::string why, std::string advice) {
  return failure(Errc::invalid_argument, step, std::move(on), std::move(why), std::move(advice));
}

/// 0: the system's choice. A look into the kernel's list, no waiting.
Result<std::uint32_t> interface_index(std::string_view name, const char* step) {
  if (name.empty()) return 0U;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && end == name.data() + name.size()) return number;
  const std::string text(name);
  if (const unsigned index = ::if_nametoindex(text.c_str()); index != 0) return index;
  return misuse(step, '"' + text + '"', "this machine has no such interface", "see `ip link`");
}

std::string member_advice(int number) {
  switch (number) {
    case EINVAL:
      return "it must be a multicast address: 224.0.0.0 to 239.255.255.255, or ff00::/8";
    case ENODEV:
      return "no interface leads there: name one";
    case EADDRINUSE:
      return "this socket is a member already";
    case EADDRNOTAVAIL:
      return "this socket is no such member";
    case ENOBUFS:
      return "too many groups: see net.ipv4.igmp_max_memberships";
    default:
      return {};
  }
}

/// A group socket call's argument for one sender, or for all.
struct Membership {
  group_source_req one{};
  group_req all{};
};

Membership membership(std::uint32_t index, const SocketAddress& group, const SocketAddress& source) {
  Membership member;
  member.one.gsr_interface = member.all.gr_interface = index;
  std::memcpy(&member.one.gsr_group, group.data(), group.size());
  std::memcpy(&member.all.gr_group, group.data(), group.size());
  if (source) std::memcpy(&member.one.gsr_source, source.data(), source.size());
  return member;
}

struct Names {
  const char* step;
  int all;
  int one;
};
constexpr Names kJoin{"join", MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP};
constexpr Names kLeave{"leave", MCAST_LEAVE_GROUP, MCAST_LEAVE_SOURCE_GROUP};

/// Without this, Linux gives every socket what any socket of the machine has joined on its port. Where there is no such
/// option, there is no such fault.
void hear_own_groups_only([[maybe_unused]] const Fd& socket, [[maybe_unused]] int family) {
#ifdef IP_MULTICAST_ALL
  static_cast<void>(set_socket_option(socket, IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL", ""));
#endif
#ifdef IPV6_MULTICAST_ALL
  if (family == AF_INET6) {
    static_cast<void>(set_socket_option(socket, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL", ""));
  }
#endif
}

/// Joins or leaves. `names` says which.
Result<void> change(const Fd& socket, int family, const Names& names, const SocketAddress& group,
                    std::string_view interface, const SocketAddress& source) {
  const bool fits = (family == AF_INET || family == AF_INET6) && group.family() == family;
  if (!fits || (source && source.family() != family)) {
    return misuse(names.step, group.to_string(), "group, source and socket are not of one family, IPv4 or IPv6",
                  "give a numeric group of the socket's family");
  }
  auto index = interface_index(interface, names.step);
  if (!index) return failure(index.error());
  const Membership member = membership(*index != 0 ? *index : group.scope(), group, source);
  const poe_sys& system = socket.system();
  const int level = level_of(family);
  const int result =
      source ? system.setsockopt(system.ctx, socket.get(), level, names.one, &member.one, sizeof member.one)
             : system.setsockopt(system.ctx, socket.get(), level, names.all, &member.all, sizeof member.all);
  if (result < 0) return system_failure(-result, names.step, group.to_string(), member_advice(-result));
  return {};
}

}  // namespace

Result<void> DatagramSocket::State::join(const SocketAddress& group, std::string_view interface,
                                         const SocketAddress& source) {
  if (!socket_) return failure(why_closed("join"));
  auto joined = change(socket_, family_, kJoin, group, interface, source);
  if (joined) hear_own_groups_only(socket_, family_);
  return joined;
}

Result<void> DatagramSocket::State::leave(const SocketAddress& group, std::string_view interface,
                                          const SocketAddress& source) {
  if (!socket_) return failure(why_closed("leave"));
  return change(socket_, family_, kLeave, group, interface, source);
}

Result<void> DatagramSocket::State::set_multicast_ttl(int hops) {
  if (!socket_) return failure(why_closed("setsockopt"));
  if (hops < 0 || hops > 255) {
    return misuse("setsockopt", "multicast TTL " + std::to_string(hops), "it is not from 0 to 255", "");
  }
  if (family_ == AF_INET6) {
    return set_socket_option(socket_, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops, "IPV6_MULTICAST_HOPS", "");
  }
  return set_socket_option(socket_, IPPROTO_IP, IP_MULTICAST_TTL, hops, "IP_MULTICAST_TTL", "");
}

Result<void> DatagramSocket::State::set_multicast_loopback(bool on) {
  if (!socket_) return failure(why_closed("setsockopt"));
  const int value = on ? 1 : 0;
  if (family_ == AF_INET6) {
    return set_socket_option(socket_, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, value, "IPV6_MULTICAST_LOOP", "");
  }
  return set_socket_option(socket_, IPPROTO_IP, IP_MULTICAST_LOOP, value, "IP_MULTICAST_LOOP", "");
}

Result<void> DatagramSocket::State::set_multicast_interface(std::string_view interface) {
  if (!socket_) return failure(why_closed("setsockopt"));
  const auto index = interface_index(interface, "setsockopt");
  if (!index) return failure(index.error());
  const std::string advice = "see `ip link`";
  if (family_ == AF_INET6) {
    const int number = static_cast<int>(*index);
    return set_socket_option(socket_, IPPROTO_IPV6, IPV6_MULTICAST_IF, number, "IPV6_MULTICAST_IF", advice);
  }
  ip_mreqn where{};
  where.imr_ifindex = static_cast<int>(*index);
  return set_socket_option(socket_, IPPROTO_IP, IP_MULTICAST_IF, &where, sizeof where, "IP_MULTICAST_IF", advice);
}

Result<void> DatagramSocket::State::set_broadcast(bool on) {
  if (!socket_) return failure(why_closed("setsockopt"));
  return set_socket_option(socket_, SOL_SOCKET, SO_BROADCAST, on ? 1 : 0, "SO_BROADCAST", "");
}

// ---- the handle's part

Result<void> DatagramSocket::join(const SocketAddress& group, std::string_view interface, const SocketAddress& source) {
  if (!state_) return failure(no_datagram_socket("join"));
  return state_->join(group, interface, source);
}

Result<void> DatagramSocket::leave(const SocketAddress& group, std::string_view interface,
                                   const SocketAddress& source) {
  if (!state_) return failure(no_datagram_socket("leave"));
  return state_->leave(group, interface, source);
}

Result<void> DatagramSocket::set_multicast_ttl(int hops) {
  if (!state_) return failure(no_datagram_socket("setsockopt"));
  return state_->set_multicast_ttl(hops);
}

Result<void> DatagramSocket::set_multicast_loopback(bool on) {
  if (!state_) return failure(no_datagram_socket("setsockopt"));
  return state_->set_multicast_loopback(on);
}

Result<void> DatagramSocket::set_multicast_interface(std::string_view interface) {
  if (!state_) return failure(no_datagram_socket("setsockopt"));
  return state_->set_multicast_interface(interface);
}

Result<void> DatagramSocket::set_broadcast(bool on) {
  if (!state_) return failure(no_datagram_socket("setsockopt"));
  return state_->set_broadcast(on);
}

}  // namespace poe
