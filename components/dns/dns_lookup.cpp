// SPDX-License-Identifier: MIT
#include "dns_lookup.hpp"

#include <arpa/nameser.h>
#include <sys/socket.h>

#include <array>

#include "dns_core.hpp"
#include "dns_message.hpp"

namespace poe {
namespace {

struct Meaning {
  int status;
  Errc code;
  const char* why;
  const char* advice;
};
constexpr std::array<Meaning, 12> kMeanings = {{
    {ARES_ETIMEOUT, Errc::timed_out, "no name server has answered in time",
     "check the network and the servers, or allow more timeout and tries"},
    // c-ares goes on to the next server after all of these. 1.18 forgets which it was, later ones tell.
    {ARES_ECONNREFUSED, Errc::system,
     "each name server was out of reach, failed (SERVFAIL) or refused to answer (REFUSED)",
     "ask one by hand, as with `dig NAME @SERVER`; check /etc/resolv.conf or DnsOptions::servers"},
    {ARES_ESERVFAIL, Errc::system, "the name servers failed (SERVFAIL)",
     "try again later, or ask another server; a domain whose DNSSEC is broken fails always"},
    {ARES_EREFUSED, Errc::system, "the name servers refuse to answer (REFUSED)",
     "ask a server that serves this machine: check /etc/resolv.conf or DnsOptions::servers"},
    {ARES_ENOTIMP, Errc::system, "the name servers do not know such questions (NOTIMP)", "ask another server"},
    {ARES_EFORMERR, Errc::system, "the name servers did not understand (FORMERR)", "ask another server"},
    {ARES_EBADRESP, Errc::protocol, "the answer makes no sense", "ask another server"},
    {ARES_EBADNAME, Errc::invalid_argument, "that is no name of the DNS",
     "labels have 1 to 63 octets, a name at most 253"},
    {ARES_ENOTFOUND, Errc::system, "there is no such name", "check the spelling"},
    {ARES_ENODATA, Errc::system, "the name has no address of the family that was asked for", "allow both"},
    {ARES_ENOMEM, Errc::system, "out of memory, or of descriptors", "close some, see `ulimit -n`"},
    {ARES_ECANCELLED, Errc::cancelled, "the look-up was cancelled", ""},
}};

constexpr const char* kQuery = "query";

}  // namespace

Error in_a_fork(const char* operation, std::string what) {
  return {Errc::forked, operation, std::move(what), "this process is a fork of the one that asked",
          "make a new DnsClient in the child"};
}

// ---- DnsLookup

DnsLookup::DnsLookup(DnsCore& core, const char* operation, std::string what, bool always_told)
    : core_(&core),
      operation_(operation),
      what_(std::move(what)),
      always_told_(always_told),
      hold_(core.self().keep_alive("looking up " + what_)) {}

Error DnsLookup::error_of(int status) const {
  Error result = error(Errc::system, ::ares_strerror(status));
  for (const Meaning& meaning : kMeanings) {
    if (meaning.status == status) result = error(meaning.code, meaning.why, meaning.advice);
  }
  if (core_ != nullptr) result.with("asked", core_->server_list());
  return result;
}

// ---- DnsQuery

DnsQuery::DnsQuery(DnsCore& core, std::string name, DnsType type, Done done, bool always_told)
    : DnsLookupOf(core, kQuery, to_string(type) + ' ' + name, std::move(done), always_told),
      name_(std::move(name)),
      type_(type) {}

void DnsQuery::start(ares_channel channel) {
  if (name_.empty() || name_.find('\0') != std::string::npos) return settle(error_of(ARES_EBADNAME));
  in_flight = true;
  const auto ask = core()->options().search ? &::ares_search : &::ares_query;
  ask(channel, name_.c_str(), ns_c_in, static_cast<int>(type_), &DnsQuery::called, this);
}

void DnsQuery::called(void* query, int status, int, unsigned char* bytes, int size) noexcept {
  auto& self = *static_cast<DnsQuery*>(query);
  if (self.core() == nullptr) return;  // the client goes
  if (status != ARES_EDESTRUCTION && !self.settled()) self.settle_with(self.read(status, bytes, size));
  self.core()->landed(self);
}

DnsClient::Answer DnsQuery::read(int status, const unsigned char* bytes, int size) const {
  DnsAnswer nothing;
  nothing.status = status == ARES_ENOTFOUND ? DnsStatus::no_name : DnsStatus::no_data;
  if (status == ARES_ENOTFOUND || status == ARES_ENODATA) return nothing;
  if (status != ARES_SUCCESS) return failure(error_of(status));
  const std::string_view message(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  auto answer = read_dns_message(message, type_);
  if (answer) return answer;
  Error wrong = error(Errc::protocol, answer.error().reason(), "ask another server, or its operator");
  wrong.with("asked", core()->server_list());
  return failure(std::move(wrong));
}

// ---- DnsHostLookup

DnsHostLookup::DnsHostLookup(DnsCore& core, ResolveQuery query, Done done, bool always_told)
    : DnsLookupOf(core, "getaddrinfo", query.to_string(), std::move(done), always_told), query_(std::move(query)) {}

void DnsHostLookup::start(ares_channel channel) {
  if (auto known = Resolver::at_once(query_)) return settle_with(std::move(*known));
  const auto port = service_port(query_);
  if (!port) return settle(port.error());
  port_ = *port;
  ResolveQuery numbered = query_;
  numbered.service = std::to_string(port_);
  if (auto known = Resolver::at_once(numbered)) return settle_with(std::move(*known));
  if (query_.host.find('\0') != std::string::npos) return settle(error_of(ARES_EBADNAME));
  ares_addrinfo_hints hints{};
  hints.ai_family = query_.family;
  hints.ai_socktype = query_.datagram ? SOCK_DGRAM : SOCK_STREAM;
  in_flight = true;
  ::ares_getaddrinfo(channel, query_.host.c_str(), nullptr, &hints, &DnsHostLookup::called, this);
}

void DnsHostLookup::called(void* lookup, int status, int, ares_addrinfo* found) noexcept {
  const std::unique_ptr<ares_addrinfo, decltype(&::ares_freeaddrinfo)> owned(found, &::ares_freeaddrinfo);
  auto& self = *static_cast<DnsHostLookup*>(lookup);
  if (self.core() == nullptr) return;  // the client goes
  if (status != ARES_EDESTRUCTION && !self.settled()) self.settle_with(self.read(status, found));
  self.core()->landed(self);
}

ResolveAnswer DnsHostLookup::read(int status, const ares_addrinfo* found) const {
  if (status != ARES_SUCCESS) return failure(error_of(status));
  std::vector<SocketAddress> addresses;
  for (const ares_addrinfo_node* node = found->nodes; node != nullptr; node = node->ai_next) {
    addresses.push_back(SocketAddress::from_raw(node->ai_addr, node->ai_addrlen).with_port(port_));
  }
  if (addresses.empty()) return failure(error_of(ARES_ENODATA));
  return addresses;
}

}  // namespace poe
