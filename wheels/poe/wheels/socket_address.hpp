// SPDX-License-Identifier: MIT
//
// SocketAddress: where a socket is, as a value: IPv4, IPv6 with scope, or a Unix path. Parsing never asks a name
// server and never blocks; names are the Resolver's work. Any thread.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/export.hpp"

struct sockaddr;

namespace poe {

class POE_API SocketAddress {
 public:
  /// Longest Unix path, in bytes: 107 and the terminating NUL fill the 108 bytes of sun_path (unix(7)).
  static constexpr std::size_t kMaxUnixPath = 107;
  /// Longest abstract Unix name, in bytes, its leading NUL included.
  static constexpr std::size_t kMaxAbstractName = 108;

  /// No address: family 0.
  SocketAddress() noexcept = default;

  /// Reads what to_string() writes: "127.0.0.1:80", "[::1]:80", "[fe80::1%2]:80", "/run/x", "@abstract". Anything with
  /// a slash, or a leading '@', is a Unix path. Error invalid_argument, or as the functions below.
  static Result<SocketAddress> parse(std::string_view text);

  /// From a numeric address without brackets, IPv4 or IPv6. A scope is a number or an interface name. Error
  /// invalid_argument: it is a name, or nothing.
  static Result<SocketAddress> ip(std::string_view numeric, std::uint16_t port);

  /// From the bytes of a path. A leading NUL makes it an abstract name, in which every byte counts. A longer path is
  /// an error (operation "pack_sockaddr_un", ENAMETOOLONG), never cut. Error invalid_argument: empty, or a NUL inside.
  static Result<SocketAddress> unix_path(std::string_view path);

  /// All interfaces (0.0.0.0, ::) and the own machine (127.0.0.1, ::1). `family`: AF_INET or AF_INET6.
  static SocketAddress any(int family, std::uint16_t port) noexcept;
  static SocketAddress loopback(int family, std::uint16_t port) noexcept;

  /// From the octets of an address, in the order of the network: four are IPv4, sixteen IPv6; another count gives no
  /// address.
  static SocketAddress from_octets(std::string_view octets, std::uint16_t port) noexcept;

  /// Copies what the system gave. More than fits, or less than a family, gives no address.
  static SocketAddress from_raw(const void* address, std::uint32_t size) noexcept;

  /// AF_INET, AF_INET6, AF_UNIX; 0: none.
  int family() const noexcept;
  explicit operator bool() const noexcept { return size_ != 0; }
  /// Host byte order; 0 for Unix.
  std::uint16_t port() const noexcept;
  SocketAddress with_port(std::uint16_t port) const noexcept;
  /// IPv6 scope id; 0: none.
  std::uint32_t scope() const noexcept;
  /// The numeric address without port and brackets; empty for Unix.
  std::string host() const;
  /// The Unix path or abstract name (with its leading NUL); empty if unnamed or not Unix.
  std::string_view path() const noexcept;
  bool is_abstract() const noexcept { return !path().empty() && path().front() == '\0'; }

  /// For the system calls; valid as long as this object. `size()` is what belongs beside it.
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(bytes_.data()); }
  std::uint32_t size() const noexcept { return size_; }

  /// For people, and parse(). Unprintable bytes of a path as \xNN; "(unnamed)" for a Unix socket without a path,
  /// "(none)" for no address.
  std::string to_string() const;

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) noexcept { return a.raw() == b.raw(); }
  friend std::strong_ordering operator<=>(const SocketAddress& a, const SocketAddress& b) noexcept {
    return a.raw() <=> b.raw();
  }

 private:
  static constexpr std::size_t kRoom = 112;  // sockaddr_un is 110; sockaddr_storage would be 128
  std::string_view raw() const noexcept { return {reinterpret_cast<const char*>(bytes_.data()), size_}; }
  void assign(const void* address, std::size_t size) noexcept;

  alignas(8) std::array<std::byte, kRoom> bytes_{};
  std::uint32_t size_ = 0;
};

}  // namespace poe
