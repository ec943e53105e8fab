// SPDX-License-Identifier: MIT
#include "ares_channel.hpp"

#include <netinet/in.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace poe {
namespace {

[[noreturn]] void cannot_start(int status) {
  throw std::system_error(ENOMEM, std::generic_category(),
                          std::string("cannot start c-ares for a DnsClient: ") + ::ares_strerror(status));
}

/// Once for the process; c-ares counts its users.
void make_ready() {
  static const int status = ::ares_library_init(ARES_LIB_INIT_ALL);
  if (status != ARES_SUCCESS) cannot_start(status);
}

ares_addr_port_node node_of(const SocketAddress& server) {
  ares_addr_port_node node{};
  node.family = server.family();
  if (server.family() == AF_INET) {
    node.addr.addr4 = reinterpret_cast<const sockaddr_in*>(server.data())->sin_addr;
  } else if (server.family() == AF_INET6 && server.scope() == 0) {
    std::memcpy(&node.addr.addr6, &reinterpret_cast<const sockaddr_in6*>(server.data())->sin6_addr, sizeof(in6_addr));
  } else {
    throw std::invalid_argument("DnsClient: the server " + server.to_string() + " is no IP address without a scope");
  }
  node.udp_port = node.tcp_port = server.port();
  return node;
}

void set_servers(ares_channel channel, const std::vector<SocketAddress>& servers) {
  if (servers.empty()) return;
  std::vector<ares_addr_port_node> nodes;
  nodes.reserve(servers.size());
  for (const SocketAddress& server : servers) nodes.push_back(node_of(server));
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) nodes[i].next = &nodes[i + 1];
  if (const int status = ::ares_set_servers_ports(channel, nodes.data()); status != ARES_SUCCESS) cannot_start(status);
}

int milliseconds(Duration time) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(std::min<Duration>(time, std::chrono::hours(1)));
  return std::max(static_cast<int>(count.count()), 1);
}

SocketAddress server_of(const ares_addr_port_node& node) {
  const std::size_t size = node.family == AF_INET ? sizeof node.addr.addr4 : sizeof node.addr.addr6;
  const auto port = static_cast<std::uint16_t>(node.udp_port != 0 ? node.udp_port : 53);
  return SocketAddress::from_octets({reinterpret_cast<const char*>(&node.addr), size}, port);
}

// ---- the system calls, in c-ares' words: -1 and errno

template <class Number>
Number answer(Number result) {
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

const poe_sys& table(void* system) { return *static_cast<const poe_sys*>(system); }

ares_ssize_t receive(ares_socket_t fd, void* room, std::size_t size, int, sockaddr* from, ares_socklen_t* from_size,
                     void* system) {
  const poe_sys& call = table(system);
  const poe_iovec part{room, size};
  if (from == nullptr) return answer(call.readv(call.ctx, fd, &part, 1));
  poe_message message{};
  message.struct_size = sizeof message;
  message.address = from;
  message.address_size = *from_size;
  message.part_count = 1;
  message.parts = &part;
  const auto got = call.recvmsg(call.ctx, fd, &message);
  *from_size = message.address_size;
  return answer(got);
}

ares_ssize_t send(ares_socket_t fd, const iovec* parts, int count, void* system) {
  static_assert(sizeof(poe_iovec) == sizeof(iovec));
  const poe_sys& call = table(system);
  poe_message message{};
  message.struct_size = sizeof message;
  message.part_count = static_cast<std::uint32_t>(count);
  message.parts = reinterpret_cast<const poe_iovec*>(parts);
  return answer(call.sendmsg(call.ctx, fd, &message));
}

constexpr ares_socket_functions kCalls = {
    [](int domain, int type, int protocol, void* system) {
      return answer(table(system).socket(table(system).ctx, domain, type, protocol));
    },
    [](ares_socket_t fd, void* system) { return answer(table(system).close(table(system).ctx, fd)); },
    [](ares_socket_t fd, const sockaddr* to, ares_socklen_t size, void* system) {
      return answer(table(system).connect(table(system).ctx, fd, to, size));
    },
    receive,
    send,
};

}  // namespace

AresChannel open_ares(const DnsOptions& options, ares_sock_state_cb watch, void* data) {
  make_ready();
  ares_options wanted{};
  // No EDNS without a size that gets through everywhere: https://www.dnsflagday.net/2020/
  wanted.flags = ARES_FLAG_EDNS | (options.search ? 0 : ARES_FLAG_NOSEARCH) | (options.tcp ? ARES_FLAG_USEVC : 0);
  wanted.ednspsz = 1232;
  wanted.timeout = milliseconds(options.timeout);
  wanted.tries = static_cast<int>(std::clamp(options.tries, 1u, 16u));
  std::string sources = options.hosts_file ? "fb" : "b";
  wanted.lookups = sources.data();
  wanted.sock_state_cb = watch;
  wanted.sock_state_cb_data = data;
  int given = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
              ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE
  given |= ARES_OPT_QUERY_CACHE;  // qcache_max_ttl is 0: c-ares 1.31 and later keep no answers either
#endif
  std::vector<char*> domains;
  for (const std::string& domain : options.domains) domains.push_back(const_cast<char*>(domain.c_str()));  // copied
  if (!domains.empty() || !options.search) {
    wanted.domains = domains.data();
    wanted.ndomains = options.search ? static_cast<int>(domains.size()) : 0;  // ares_getaddrinfo() forgets the flag
    given |= ARES_OPT_DOMAINS;
  }
  ares_channel raw = nullptr;
  if (const int status = ::ares_init_options(&raw, &wanted, given); status != ARES_SUCCESS) cannot_start(status);
  AresChannel channel(raw);
  set_servers(raw, options.servers);
  return channel;
}

std::vector<SocketAddress> ares_servers(ares_channel channel) {
  std::vector<SocketAddress> servers;
  ares_addr_port_node* list = nullptr;
  if (::ares_get_servers_ports(channel, &list) != ARES_SUCCESS) return servers;
  for (const ares_addr_port_node* node = list; node != nullptr; node = node->next) servers.push_back(server_of(*node));
  ::ares_free_data(list);
  return servers;
}

void use_system(ares_channel channel, const poe_sys& system) {
  ::ares_set_socket_functions(channel, &kCalls, const_cast<poe_sys*>(&system));
}

}  // namespace poe
