// SPDX-License-Identifier: MIT
// Answers of name servers, of every type. Needs poe::dns.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dns_message.hpp"

namespace {

constexpr poe::DnsType kTypes[] = {poe::DnsType::A,   poe::DnsType::NS,   poe::DnsType::CNAME,
                                   poe::DnsType::SOA, poe::DnsType::PTR,  poe::DnsType::MX,
                                   poe::DnsType::TXT, poe::DnsType::AAAA, poe::DnsType::SRV};

void read(std::string_view bytes, poe::DnsType type) {
  const auto answer = poe::read_dns_message(bytes, type);
  if (!answer) return;
  for (const poe::DnsRecord& record : answer->records) {
    if (record.type != type) std::abort();
    for (const char c : record.to_string()) {
      if (c < ' ' || c > '~') std::abort();  // what is printed is harmless
    }
  }
  if (answer->records.empty() != (answer->status == poe::DnsStatus::no_data)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const poe::DnsType type : kTypes) {
    read(bytes, type);
    // The same as the one record behind a head and a question, where a random start would hardly ever get to.
    static constexpr std::string_view kHead("\0\0\x81\x80\0\1\0\1\0\0\0\0\1a\0\0\1\0\1\xC0\x0C\0", 22);
    std::string message(kHead);
    message += {static_cast<char>(type), 0, 1, 0, 0, 1, 0, static_cast<char>(size >> 8), static_cast<char>(size)};
    read(message.append(bytes), type);
  }
  return 0;
}
