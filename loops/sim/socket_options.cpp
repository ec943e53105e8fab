// SPDX-License-Identifier: MIT
#include "socket_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace poe::sim {

int return_option(const void* value, size_t value_size, void* ret_value, uint32_t* size) {
  if (ret_value == nullptr || size == nullptr) return -EFAULT;
  const size_t count = std::min<size_t>(value_size, *size);
  std::memcpy(ret_value, value, count);
  *size = static_cast<uint32_t>(count);
  return 0;
}

SocketOptions::SocketOptions(int domain, int type, size_t buffer) {
  const int size = static_cast<int>(buffer);
  values_ = {{{SOL_SOCKET, SO_REUSEADDR}, 0}, {{SOL_SOCKET, SO_KEEPALIVE}, 0}, {{SOL_SOCKET, SO_BROADCAST}, 0},
             {{SOL_SOCKET, SO_SNDBUF}, size}, {{SOL_SOCKET, SO_RCVBUF}, size}, {{SOL_SOCKET, SO_RCVLOWAT}, 1}};
  if (domain == AF_UNIX) return;
  if (domain == AF_INET) values_[{IPPROTO_IP, IP_TOS}] = 0;
  if (domain == AF_INET6) values_[{IPPROTO_IPV6, IPV6_V6ONLY}] = 1;
  if (type != SOCK_STREAM) return;
  values_[{IPPROTO_TCP, TCP_NODELAY}] = 0;
  values_[{IPPROTO_TCP, TCP_CORK}] = 0;
  values_[{IPPROTO_TCP, TCP_QUICKACK}] = 1;
  values_[{IPPROTO_TCP, TCP_KEEPIDLE}] = 7200;  // seconds; Linux's defaults from here
  values_[{IPPROTO_TCP, TCP_KEEPINTVL}] = 75;
  values_[{IPPROTO_TCP, TCP_KEEPCNT}] = 9;
  values_[{IPPROTO_TCP, TCP_USER_TIMEOUT}] = 0;
}

int SocketOptions::get(int level, int name, void* ret_value, uint32_t* size) const {
  if (level == SOL_SOCKET && name == SO_LINGER) return return_option(&linger_, sizeof linger_, ret_value, size);
  const auto found = values_.find({level, name});
  if (found == values_.end()) return -ENOPROTOOPT;
  return return_option(&found->second, sizeof found->second, ret_value, size);
}

int SocketOptions::set(int level, int name, const void* value, uint32_t size) {
  if (level == SOL_SOCKET && name == SO_LINGER) return set_linger(value, size);
  const auto found = values_.find({level, name});
  if (found == values_.end()) return -ENOPROTOOPT;
  if (value == nullptr) return -EFAULT;
  int number = 0;
  if (size < sizeof number) return -EINVAL;
  std::memcpy(&number, value, sizeof number);
  if (level == IPPROTO_IPV6 && number == 0) return -ENOPROTOOPT;  // IPv6 sockets here are for IPv6 only
  const bool is_buffer = level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF);
  found->second = is_buffer ? std::max(number, 1) : number;
  return 0;
}

int SocketOptions::set_linger(const void* value, uint32_t size) {
  if (value == nullptr) return -EFAULT;
  if (size < sizeof linger_) return -EINVAL;
  std::memcpy(&linger_, value, sizeof linger_);
  return 0;
}

}  // namespace poe::sim
