// SPDX-License-Identifier: MIT
#include "poe/components/dns_record.hpp"

#include <netinet/in.h>
#include <strings.h>

#include <array>
#include <cstdio>

namespace poe {
namespace {

struct TypeName {
  DnsType type;
  const char* name;
};
constexpr std::array<TypeName, 9> kTypes = {{{DnsType::A, "A"},
                                             {DnsType::NS, "NS"},
                                             {DnsType::CNAME, "CNAME"},
                                             {DnsType::SOA, "SOA"},
                                             {DnsType::PTR, "PTR"},
                                             {DnsType::MX, "MX"},
                                             {DnsType::TXT, "TXT"},
                                             {DnsType::AAAA, "AAAA"},
                                             {DnsType::SRV, "SRV"}}};

std::string dotted(const std::string& name) { return name.empty() ? "." : name; }

/// A string of a TXT record as zone files have it.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    char room[8];
    if (c == '"' || c == '\\') {
      std::snprintf(room, sizeof room, "\\%c", c);
    } else {
      std::snprintf(room, sizeof room, octet >= 0x20 && octet < 0x7F ? "%c" : "\\%03u", octet);
    }
    result += room;
  }
  return result + '"';
}

/// One overload for each kind of data.
struct Printer {
  std::string operator()(const SocketAddress& address) const { return address.host(); }
  std::string operator()(const DnsName& name) const { return dotted(name.name); }
  std::string operator()(const DnsMail& mail) const {
    return std::to_string(mail.preference) + ' ' + dotted(mail.host);
  }
  std::string operator()(const DnsService& service) const {
    return std::to_string(service.priority) + ' ' + std::to_string(service.weight) + ' ' +
           std::to_string(service.port) + ' ' + dotted(service.host);
  }
  std::string operator()(const DnsText& text) const {
    std::string result;
    for (const std::string& one : text.strings) result += (result.empty() ? "" : " ") + quoted(one);
    return result;
  }
  std::string operator()(const DnsAuthority& zone) const {
    std::string result = dotted(zone.server) + ' ' + dotted(zone.mailbox);
    for (const auto number : {zone.serial, zone.refresh, zone.retry, zone.expire, zone.minimum}) {
      result += ' ' + std::to_string(number);
    }
    return result;
  }
};

std::string reverse_of(const in6_addr& address) {
  std::string name;
  for (int i = 15; i >= 0; --i) {
    char room[8];
    std::snprintf(room, sizeof room, "%x.%x.", address.s6_addr[i] & 0xFu, address.s6_addr[i] >> 4u);
    name += room;
  }
  return name + "ip6.arpa";
}

}  // namespace

std::string to_string(DnsType type) {
  for (const TypeName& known : kTypes) {
    if (known.type == type) return known.name;
  }
  return "TYPE" + std::to_string(static_cast<unsigned>(type));
}

std::optional<DnsType> dns_type(std::string_view name) noexcept {
  for (const TypeName& known : kTypes) {
    const std::string_view its = known.name;
    if (its.size() == name.size() && ::strncasecmp(its.data(), name.data(), its.size()) == 0) return known.type;
  }
  return std::nullopt;
}

std::string DnsRecord::to_string() const {
  return dotted(name) + ' ' + std::to_string(ttl.count()) + ' ' + poe::to_string(type) + ' ' +
         std::visit(Printer(), data);
}

std::string dns_reverse_name(const SocketAddress& address) {
  if (address.family() == AF_INET6) {
    return reverse_of(reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr);
  }
  if (address.family() != AF_INET) return {};
  const std::uint32_t bits = ntohl(reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr.s_addr);
  std::string name;
  for (unsigned shift = 0; shift < 32; shift += 8) name += std::to_string((bits >> shift) & 0xFFu) + '.';
  return name + "in-addr.arpa";
}

}  // namespace poe
