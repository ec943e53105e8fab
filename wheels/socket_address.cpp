// SPDX-License-Identifier: MIT
#include "poe/wheels/socket_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace poe {
namespace {

constexpr std::size_t kPathOffset = offsetof(sockaddr_un, sun_path);
constexpr const char* kForms = "write 127.0.0.1:80, [::1]:80, /run/socket or @abstract";

template <class T>
std::optional<T> whole_number(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string escaped(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  return text;
}

/// The number of an IPv6 scope: itself, or an interface of this machine (a look into the kernel's list, no waiting).
std::optional<std::uint32_t> scope_number(std::string_view text) {
  if (auto number = whole_number<std::uint32_t>(text)) return number;
  const unsigned index = ::if_nametoindex(std::string(text).c_str());
  return index != 0 ? std::optional<std::uint32_t>(index) : std::nullopt;
}

bool read_ipv6(std::string_view text, sockaddr_in6& address) {
  const std::size_t percent = text.find('%');
  if (::inet_pton(AF_INET6, std::string(text.substr(0, percent)).c_str(), &address.sin6_addr) != 1) return false;
  if (percent == std::string_view::npos) return true;
  const auto scope = scope_number(text.substr(percent + 1));
  address.sin6_scope_id = scope.value_or(0);
  return scope.has_value();
}

tl::unexpected<Error> too_long(std::string_view path) {
  const bool abstract = path.front() == '\0';
  const std::size_t limit = abstract ? SocketAddress::kMaxAbstractName : SocketAddress::kMaxUnixPath;
  return system_failure(ENAMETOOLONG, "pack_sockaddr_un", escaped(path),
                        "this one has " + std::to_string(path.size()) + " bytes, at most " + std::to_string(limit) +
                            " fit; use a shorter path, or change to its folder and name it relatively");
}

tl::unexpected<Error> not_an_address(std::string_view text, std::string why) {
  return failure(Errc::invalid_argument, "parse address", '"' + escaped(text) + '"', std::move(why), kForms);
}

}  // namespace

void SocketAddress::assign(const void* address, std::size_t size) noexcept {
  std::memcpy(bytes_.data(), address, size);
  size_ = static_cast<std::uint32_t>(size);
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  if (text.starts_with('@')) return unix_path('\0' + std::string(text.substr(1)));
  if (text.find('/') != std::string_view::npos) return unix_path(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an_address(text, "there is no port");
  const auto number = whole_number<std::uint16_t>(text.substr(colon + 1));
  if (!number) return not_an_address(text, "the port is no number from 0 to 65535");
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (brackets != (host.find(':') != std::string_view::npos)) {
    return not_an_address(text, "an IPv6 address stands in brackets, and only that");
  }
  return ip(host, *number);
}

Result<SocketAddress> SocketAddress::ip(std::string_view numeric, std::uint16_t port) {
  SocketAddress result;
  sockaddr_in four{};
  sockaddr_in6 six{};
  const bool has_nul = numeric.find('\0') != std::string_view::npos;
  if (!has_nul && ::inet_pton(AF_INET, std::string(numeric).c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    result.assign(&four, sizeof four);
    return result;
  }
  if (!has_nul && read_ipv6(numeric, six)) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    result.assign(&six, sizeof six);
    return result;
  }
  return not_an_address(numeric, "it is not a numeric address");
}

Result<SocketAddress> SocketAddress::unix_path(std::string_view path) {
  static_assert(kMaxUnixPath + 1 == sizeof(sockaddr_un::sun_path) && kMaxAbstractName == sizeof(sockaddr_un::sun_path));
  if (path.empty()) return not_an_address(path, "a Unix path has at least one byte");
  const bool abstract = path.front() == '\0';
  if (!abstract && path.find('\0') != std::string_view::npos) return not_an_address(path, "there is a NUL inside");
  if (path.size() > (abstract ? kMaxAbstractName : kMaxUnixPath)) return too_long(path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  SocketAddress result;
  result.assign(&address, kPathOffset + path.size() + (abstract ? 0 : 1));  // a path counts its NUL, a name has none
  return result;
}

SocketAddress SocketAddress::any(int family, std::uint16_t port) noexcept {
  SocketAddress result;
  if (family == AF_INET6) {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    six.sin6_addr = in6addr_any;
    result.assign(&six, sizeof six);
  } else {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    four.sin_addr.s_addr = htonl(INADDR_ANY);
    result.assign(&four, sizeof four);
  }
  return result;
}

SocketAddress SocketAddress::loopback(int family, std::uint16_t port) noexcept {
  SocketAddress result = any(family, port);
  if (family == AF_INET6) {
    std::memcpy(result.bytes_.data() + offsetof(sockaddr_in6, sin6_addr), &in6addr_loopback, sizeof in6addr_loopback);
  } else {
    const in_addr_t own = htonl(INADDR_LOOPBACK);
    std::memcpy(result.bytes_.data() + offsetof(sockaddr_in, sin_addr), &own, sizeof own);
  }
  return result;
}

SocketAddress SocketAddress::from_octets(std::string_view octets, std::uint16_t port) noexcept {
  if (octets.size() != sizeof(in_addr) && octets.size() != sizeof(in6_addr)) return {};
  const bool four = octets.size() == sizeof(in_addr);
  SocketAddress result = any(four ? AF_INET : AF_INET6, port);
  const std::size_t at = four ? offsetof(sockaddr_in, sin_addr) : offsetof(sockaddr_in6, sin6_addr);
  std::memcpy(result.bytes_.data() + at, octets.data(), octets.size());
  return result;
}

SocketAddress SocketAddress::from_raw(const void* address, std::uint32_t size) noexcept {
  SocketAddress result;
  if (address != nullptr && size >= sizeof(sa_family_t) && size <= kRoom) result.assign(address, size);
  return result;
}

int SocketAddress::family() const noexcept {
  sa_family_t family = 0;
  if (size_ >= sizeof family) std::memcpy(&family, bytes_.data() + offsetof(sockaddr, sa_family), sizeof family);
  return family;
}

std::uint16_t SocketAddress::port() const noexcept {
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  in_port_t port = 0;
  if (family() == AF_INET || family() == AF_INET6) {
    std::memcpy(&port, bytes_.data() + offsetof(sockaddr_in, sin_port), sizeof port);
  }
  return ntohs(port);
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const noexcept {
  SocketAddress result = *this;
  const in_port_t wire = htons(port);
  if (family() == AF_INET || family() == AF_INET6) {
    std::memcpy(result.bytes_.data() + offsetof(sockaddr_in, sin_port), &wire, sizeof wire);
  }
  return result;
}

std::uint32_t SocketAddress::scope() const noexcept {
  std::uint32_t scope = 0;
  if (family() == AF_INET6 && size_ >= sizeof(sockaddr_in6)) {
    std::memcpy(&scope, bytes_.data() + offsetof(sockaddr_in6, sin6_scope_id), sizeof scope);
  }
  return scope;
}

std::string SocketAddress::host() const {
  const int kind = family();
  if (kind != AF_INET && kind != AF_INET6) return {};
  char text[INET6_ADDRSTRLEN] = {};
  const std::size_t at = kind == AF_INET ? offsetof(sockaddr_in, sin_addr) : offsetof(sockaddr_in6, sin6_addr);
  ::inet_ntop(kind, bytes_.data() + at, text, sizeof text);
  return scope() == 0 ? std::string(text) : std::string(text) + '%' + std::to_string(scope());
}

std::string_view SocketAddress::path() const noexcept {
  if (family() != AF_UNIX || size_ <= kPathOffset) return {};
  const std::string_view all = raw().substr(kPathOffset);
  return all.front() == '\0' ? all : all.substr(0, all.find('\0'));
}

std::string SocketAddress::to_string() const {
  switch (family()) {
    case AF_INET:
      return host() + ':' + std::to_string(port());
    case AF_INET6:
      return '[' + host() + "]:" + std::to_string(port());
    case AF_UNIX:
      if (path().empty()) return "(unnamed)";
      if (is_abstract()) return '@' + escaped(path().substr(1));
      // So that parse() finds the path again in a relative one.
      return (path().find('/') == std::string_view::npos ? "./" : "") + escaped(path());
    default:
      return size_ == 0 ? "(none)" : "(family " + std::to_string(family()) + ")";
  }
}

}  // namespace poe
