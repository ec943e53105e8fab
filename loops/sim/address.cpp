// SPDX-License-Identifier: MIT
#include "address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace poe::sim {

namespace {

constexpr size_t kUnixHead = offsetof(sockaddr_un, sun_path);

template <class Host>
std::string bytes_of(const Host& host) {
  return std::string(reinterpret_cast<const char*>(&host), sizeof host);
}

int parse_unix(const char* bytes, uint32_t size, Address& ret) {
  if (size > sizeof(sockaddr_un)) return -EINVAL;
  const std::string_view path(bytes + kUnixHead, size - kUnixHead);
  const bool abstract = !path.empty() && path.front() == '\0';
  ret = {AF_UNIX, std::string(abstract ? path : path.substr(0, path.find('\0'))), 0};
  return 0;
}

int parse_inet(const char* bytes, uint32_t size, Address& ret) {
  sockaddr_in in{};
  if (size < sizeof in) return -EINVAL;
  std::memcpy(&in, bytes, sizeof in);
  ret = {AF_INET, bytes_of(in.sin_addr), ntohs(in.sin_port)};
  return 0;
}

int parse_inet6(const char* bytes, uint32_t size, Address& ret) {
  sockaddr_in6 in{};
  if (size < sizeof in) return -EINVAL;
  std::memcpy(&in, bytes, sizeof in);
  ret = {AF_INET6, bytes_of(in.sin6_addr), ntohs(in.sin6_port)};
  return 0;
}

void copy_out(const void* bytes, size_t size, ReturnedAddress ret) {
  std::memcpy(ret.bytes, bytes, std::min<size_t>(size, *ret.size));
  *ret.size = static_cast<uint32_t>(size);
}

}  // namespace

bool Address::is_unix() const { return family == AF_UNIX; }

bool Address::is_loopback() const {
  if (family == AF_INET) return host.front() == 127;
  return family == AF_INET6 && host == bytes_of(in6addr_loopback);
}

Address no_address(int family) {
  if (family == AF_UNIX) return {family, {}, 0};
  return {family, std::string(family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr), '\0'), 0};
}

Address reachable(const Address& address) {
  if (address.is_unix() || !address.is_any()) return address;
  const in_addr loopback{htonl(INADDR_LOOPBACK)};
  const bool four = address.family == AF_INET;
  return {address.family, four ? bytes_of(loopback) : bytes_of(in6addr_loopback), address.port};
}

int parse(int family, const void* bytes, uint32_t size, Address& ret) {
  if (bytes == nullptr) return -EFAULT;
  if (size < sizeof(sa_family_t)) return -EINVAL;
  sa_family_t given = 0;
  std::memcpy(&given, bytes, sizeof given);
  if (given != family) return family == AF_UNIX ? -EINVAL : -EAFNOSUPPORT;
  const auto* const start = static_cast<const char*>(bytes);
  if (family == AF_UNIX) return parse_unix(start, size, ret);
  return family == AF_INET ? parse_inet(start, size, ret) : parse_inet6(start, size, ret);
}

void write(const Address& address, ReturnedAddress ret) {
  if (ret.bytes == nullptr || ret.size == nullptr) return;
  if (address.family == AF_INET) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.host.data(), sizeof in.sin_addr);
    return copy_out(&in, sizeof in, ret);
  }
  if (address.family == AF_INET6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(address.port);
    std::memcpy(&in.sin6_addr, address.host.data(), sizeof in.sin6_addr);
    return copy_out(&in, sizeof in, ret);
  }
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, address.host.data(), address.host.size());
  const bool ends_in_zero = !address.host.empty() && address.host.front() != '\0';
  copy_out(&un, kUnixHead + address.host.size() + (ends_in_zero ? 1 : 0), ret);
}

}  // namespace poe::sim
