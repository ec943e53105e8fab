// SPDX-License-Identifier: MIT
//
// What a name server says, as values. Part of poe::dns. Any thread.
//
// Names are as in a zone file, without the final dot: a dot inside a label is "\.", what cannot be printed "\007". So
// they are safe to print; they are still a stranger's words.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "poe/export.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

/// Numbers as on the wire (RFC 1035, 3596, 2782).
enum class DnsType : std::uint16_t {
  A = 1,
  NS = 2,
  CNAME = 5,
  SOA = 6,
  PTR = 12,
  MX = 15,
  TXT = 16,
  AAAA = 28,
  SRV = 33
};

/// "MX"; "TYPE99" for others (RFC 3597).
POE_API std::string to_string(DnsType type);
/// By that name, in any case; nothing if it is none of these.
POE_API std::optional<DnsType> dns_type(std::string_view name) noexcept;

/// NS, CNAME, PTR: another name.
struct DnsName {
  DnsName() = default;
  explicit DnsName(std::string its_name) : name(std::move(its_name)) {}
  std::string name{};
};

/// MX: a host that takes mail; the lowest preference is tried first.
struct DnsMail {
  DnsMail() = default;
  std::uint16_t preference = 0;
  std::string host{};  ///< empty: this name takes none (RFC 7505)
};

/// SRV: where a service is; the lowest priority first, among equals at random by weight.
struct DnsService {
  DnsService() = default;
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string host{};  ///< empty: the service is not offered
};

/// TXT: its strings, any octets.
struct DnsText {
  DnsText() = default;
  std::vector<std::string> strings{};
  /// All of them in one, as SPF and DKIM read it.
  std::string joined() const {
    std::string all;
    for (const std::string& one : strings) all += one;
    return all;
  }
};

/// SOA. Times in seconds.
struct DnsAuthority {
  DnsAuthority() = default;
  std::string server{};
  std::string mailbox{};  ///< its first dot stands for the '@'
  std::uint32_t serial = 0;
  std::uint32_t refresh = 0;
  std::uint32_t retry = 0;
  std::uint32_t expire = 0;
  std::uint32_t minimum = 0;
};

/// A and AAAA are a SocketAddress with port 0.
using DnsData = std::variant<SocketAddress, DnsName, DnsMail, DnsService, DnsText, DnsAuthority>;

class POE_API DnsRecord {
 public:
  DnsRecord() = default;

  std::string name{};  ///< whose it is
  DnsType type = DnsType::A;
  std::chrono::seconds ttl{};  ///< how long it may be kept
  DnsData data{};

  /// The data, if it is a T: record.as<poe::DnsMail>(); else null.
  template <class T>
  const T* as() const noexcept {
    return std::get_if<T>(&data);
  }
  /// As in a zone file: "example.org 300 MX 10 mail.example.org".
  std::string to_string() const;
};

/// Whether there is something. Both kinds of nothing are what the zone's server says, so they are answers, no errors.
enum class DnsStatus : std::uint8_t {
  found,
  no_data,  ///< the name exists, but has nothing of that type
  no_name,  ///< there is no such name (NXDOMAIN)
};

class POE_API DnsAnswer {
 public:
  DnsAnswer() = default;

  DnsStatus status = DnsStatus::found;
  /// Of the type that was asked for, at least one if found; MX by preference, SRV by priority, others as they came.
  std::vector<DnsRecord> records{};
  /// The CNAMEs that led to them, if others were asked for.
  std::vector<DnsRecord> aliases{};

  explicit operator bool() const noexcept { return status == DnsStatus::found; }
};

/// The name under which PTR records tell an address' name: "1.2.0.192.in-addr.arpa". Empty if it is no IP address.
POE_API std::string dns_reverse_name(const SocketAddress& address);

}  // namespace poe
