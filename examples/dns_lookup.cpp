// SPDX-License-Identifier: MIT
// Asks name servers. Try: dns_lookup example.org, dns_lookup example.org MX, dns_lookup 192.0.2.1 PTR 9.9.9.9:53
#include <cstdio>
#include <string>

#include "poe/components/dns_awaits.hpp"
#include "poe/open.hpp"

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  const auto type = poe::dns_type(argc > 2 ? argv[2] : "A");
  const auto server = poe::SocketAddress::parse(argc > 3 ? argv[3] : "127.0.0.1:53");
  if (argc < 2 || argc > 4 || !type || !server) {
    return std::fputs("usage: dns_lookup NAME [A|AAAA|CNAME|MX|NS|PTR|SOA|SRV|TXT [SERVER:PORT]]\n", stderr), 2;
  }

  int code = 1;
  auto kernel = poe::open_kernel();
  const auto look_up = [&](poe::Self& self) -> poe::Task<> {
    poe::DnsOptions options;
    if (argc > 3) options.servers = {*server};
    poe::DnsClient dns(self, options);
    std::string name = argv[1];
    if (const auto address = poe::SocketAddress::ip(name, 0)) name = poe::dns_reverse_name(*address);
    const auto answer = co_await dns.query(name, *type);
    if (!answer) {
      std::fprintf(stderr, "dns_lookup: %s\n", answer.error().report().c_str());
      co_return;
    }
    for (const auto& alias : answer->aliases) std::printf("%s\n", alias.to_string().c_str());
    for (const auto& record : answer->records) std::printf("%s\n", record.to_string().c_str());
    if (!*answer) std::printf(answer->status == poe::DnsStatus::no_name ? "no such name\n" : "nothing of that type\n");
    code = *answer ? 0 : 1;
  };
  if (kernel) kernel->spawn(look_up);
  const auto ran = kernel ? kernel->run() : poe::failure(kernel.error());
  if (!ran) std::fprintf(stderr, "dns_lookup: %s\n", ran.error().report().c_str());
  return ran ? code : 1;
}
