// SPDX-License-Identifier: MIT
//
// Why <arpa/nameser.h> and not c-ares' own parsers: those leave the TTL and the owner out for most types, and have none
// for CNAME.
#include "dns_message.hpp"

#include <arpa/nameser.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace poe {
namespace {

/// The data of one record, read from its begin on; empty as soon as something does not fit.
class Reader {
 public:
  Reader(const ns_msg& message, const ns_rr& record)
      : begin_(ns_msg_base(message)),
        end_(ns_msg_end(message)),
        at_(ns_rr_rdata(record)),
        stop_(at_ + record.rdlength) {}

  std::optional<std::uint32_t> number(std::size_t octets) {
    if (left() < octets) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < octets; ++i) value = value << 8u | *at_++;
    return value;
  }
  std::optional<std::uint16_t> short_number() {
    const auto value = number(2);
    return value ? std::optional(static_cast<std::uint16_t>(*value)) : std::nullopt;
  }
  /// Names may point back into the message, but begin and end inside of the record.
  std::optional<std::string> name() {
    std::array<char, NS_MAXDNAME> text{};
    const int size = ::ns_name_uncompress(begin_, end_, at_, text.data(), text.size());
    if (size < 0 || static_cast<std::size_t>(size) > left()) return std::nullopt;
    at_ += size;
    const std::string found = text.data();
    return found == "." ? std::string() : found;
  }
  std::optional<std::string> octets(std::size_t count) {
    if (left() < count) return std::nullopt;
    std::string text(reinterpret_cast<const char*>(at_), count);
    at_ += count;
    return text;
  }
  std::size_t left() const { return static_cast<std::size_t>(stop_ - at_); }

 private:
  const unsigned char* begin_;
  const unsigned char* end_;
  const unsigned char* at_;
  const unsigned char* stop_;
};

std::optional<DnsData> address(Reader& from, std::size_t size) {
  const auto octets = from.octets(size);
  if (!octets || from.left() != 0) return std::nullopt;
  return SocketAddress::from_octets(*octets, 0);
}

std::optional<DnsData> name(Reader& from) {
  auto other = from.name();
  if (!other) return std::nullopt;
  return DnsName(std::move(*other));
}

std::optional<DnsData> mail(Reader& from) {
  const auto preference = from.short_number();
  auto host = from.name();
  if (!preference || !host) return std::nullopt;
  DnsMail mail;
  mail.preference = *preference;
  mail.host = std::move(*host);
  return mail;
}

std::optional<DnsData> service(Reader& from) {
  const auto priority = from.short_number();
  const auto weight = from.short_number();
  const auto port = from.short_number();
  auto host = from.name();
  if (!port || !host) return std::nullopt;
  DnsService service;
  service.priority = *priority;
  service.weight = *weight;
  service.port = *port;
  service.host = std::move(*host);
  return service;
}

std::optional<DnsData> text(Reader& from) {
  DnsText text;
  while (from.left() > 0) {
    auto one = from.octets(*from.number(1));
    if (!one) return std::nullopt;
    text.strings.push_back(std::move(*one));
  }
  return text;
}

std::optional<DnsData> authority(Reader& from) {
  DnsAuthority zone;
  auto server = from.name();
  auto mailbox = from.name();
  if (!server || !mailbox) return std::nullopt;
  zone.server = std::move(*server);
  zone.mailbox = std::move(*mailbox);
  for (auto* const number : {&zone.serial, &zone.refresh, &zone.retry, &zone.expire, &zone.minimum}) {
    const auto value = from.number(4);
    if (!value) return std::nullopt;
    *number = *value;
  }
  return zone;
}

std::optional<DnsData> data_of(DnsType type, Reader from) {
  switch (type) {
    case DnsType::A:
      return address(from, sizeof(in_addr));
    case DnsType::AAAA:
      return address(from, sizeof(in6_addr));
    case DnsType::NS:
    case DnsType::CNAME:
    case DnsType::PTR:
      return name(from);
    case DnsType::MX:
      return mail(from);
    case DnsType::SRV:
      return service(from);
    case DnsType::TXT:
      return text(from);
    case DnsType::SOA:
      return authority(from);
  }
  return std::nullopt;
}

tl::unexpected<Error> nonsense(std::string what) {
  return failure(Errc::protocol, "read", "the answer", std::move(what));
}

/// Nothing for a record nobody asked for.
Result<std::optional<DnsRecord>> read_record(const ns_msg& message, const ns_rr& raw, DnsType asked) {
  DnsRecord record;
  record.type = static_cast<DnsType>(ns_rr_type(raw));
  if (ns_rr_class(raw) != ns_c_in || (record.type != asked && record.type != DnsType::CNAME)) return std::nullopt;
  record.name = ns_rr_name(raw);
  if (record.name == ".") record.name.clear();
  const std::uint32_t ttl = ns_rr_ttl(raw);
  record.ttl = std::chrono::seconds(ttl <= INT32_MAX ? ttl : 0);  // RFC 2181, section 8
  auto data = data_of(record.type, Reader(message, raw));
  if (!data) return nonsense("its " + to_string(record.type) + " record of \"" + record.name + "\" cannot be read");
  record.data = std::move(*data);
  return record;
}

std::uint32_t rank(const DnsRecord& record) {
  if (const auto* const mail = record.as<DnsMail>()) return mail->preference;
  if (const auto* const service = record.as<DnsService>()) return service->priority;
  return 0;
}

}  // namespace

Result<DnsAnswer> read_dns_message(std::string_view bytes, DnsType asked) {
  ns_msg message{};
  if (::ns_initparse(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), &message) <
      0) {
    return nonsense("it is no DNS message: its sections do not fit its length");
  }
  DnsAnswer answer;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr raw{};
    if (::ns_parserr(&message, ns_s_an, i, &raw) < 0) return nonsense("its record " + std::to_string(i) + " is cut");
    auto record = read_record(message, raw, asked);
    if (!record) return failure(record.error());
    if (!*record) continue;
    ((*record)->type == asked ? answer.records : answer.aliases).push_back(std::move(**record));
  }
  std::stable_sort(answer.records.begin(), answer.records.end(),
                   [](const DnsRecord& a, const DnsRecord& b) { return rank(a) < rank(b); });
  if (answer.records.empty()) answer.status = DnsStatus::no_data;
  return answer;
}

}  // namespace poe
