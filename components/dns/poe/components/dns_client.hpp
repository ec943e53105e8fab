// SPDX-License-Identifier: MIT
//
// DnsClient: asks name servers on the kernel's loop, without a thread (POE::Component::Client::DNS); c-ares inside.
// Part of poe::dns.
//
//     poe::DnsClient dns(self);
//     auto answer = co_await dns.query("example.org", poe::DnsType::MX);   // with poe/components/dns_awaits.hpp
//     call_ = dns.query("example.org", poe::DnsType::TXT, [](poe::DnsClient::Answer answer) { ... });  // as a call
//     call_ = dns.addresses("example.org", "https", found);                                          // as an event
//
// It belongs to one session, whose member or local variable it is. resolver() lends it to whoever looks names up to
// connect, from any session of the kernel: SocketFactoryOptions::resolver, TcpClientOptions::resolver.
//
// Why it is not the default there: getaddrinfo() follows all of the machine's rules (nsswitch: mDNS, LDAP, containers,
// systemd-resolved's own interface), this one the hosts file and name servers alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "poe/components/dns_record.hpp"
#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"
#include "poe/wheels/resolver.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

class DnsCore;
class DnsLookup;
class DnsQueryAwait;
class DnsAddressesAwait;

/// Has a constructor, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
class POE_API DnsOptions {
 public:
  DnsOptions() = default;

  /// Whom to ask, in this order; port 0 is 53. Empty: those of /etc/resolv.conf, read when the client is made. No
  /// scopes: a link-local server needs a resolver of the system's.
  std::vector<SocketAddress> servers{};
  /// How long the first server is waited for; each round over all of them waits twice as long as the one before.
  Duration timeout = std::chrono::seconds(2);
  /// Rounds over the servers, at least 1.
  unsigned tries = 3;
  /// Whether a name is also tried with the search domains, and which: those of /etc/resolv.conf if `domains` is empty.
  /// Off, a name is what it is. A name with a final dot always is.
  bool search = false;
  std::vector<std::string> domains{};
  /// Whether addresses() looks into the hosts file first.
  bool hosts_file = true;
  /// Ask over TCP alone. Otherwise TCP is for answers too long for a datagram.
  bool tcp = false;
  /// Look-ups at a time; more fail with `limit`. One that is dropped while others are under way counts until its answer
  /// or its time-out has come.
  std::size_t max_lookups = 1000;
};

/// A look-up under way. Dropping it cancels: nothing is told any more. So keep it in the session. It may outlive the
/// client, and be dropped inside its own callback.
class POE_API DnsCall {
 public:
  DnsCall() noexcept;
  DnsCall(DnsCall&&) noexcept;
  DnsCall& operator=(DnsCall&&) noexcept;
  ~DnsCall();

  /// Whether the outcome is still to come.
  explicit operator bool() const noexcept;
  void cancel() noexcept;
  /// Lets go without cancelling: it lasts until its end, or the client's.
  void detach() && noexcept;

 private:
  friend class DnsClient;
  friend class DnsQueryAwait;
  friend class DnsAddressesAwait;
  explicit DnsCall(std::shared_ptr<DnsLookup> lookup) noexcept;
  std::shared_ptr<DnsLookup> lookup_;
};

/// Loop thread. Dropping it, also inside of what it calls, ends all: those who await, or look up through resolver(),
/// get the error `closed`; callbacks and events are not told. In the child of a fork every look-up fails with `forked`:
/// make a new one there.
///
/// Errors name what was asked, of whom and what to do: invalid_argument (no name of the DNS), timed_out (no server
/// answered), system (a server refused or failed, none could be reached; addresses(): there is no such name, or it has
/// no address), protocol (the answer makes no sense), limit, not_supported (a simulated world: c-ares has a clock of
/// its own), forked, closed. Their operation() is "query", of addresses() as a Resolver's: "getaddrinfo",
/// "getservbyname".
class POE_API DnsClient {
 public:
  using Answer = Result<DnsAnswer>;

  /// No client: only assignment and operator bool; a look-up fails with `closed`, which awaits tell, and nobody else.
  DnsClient() noexcept;
  /// Throws std::invalid_argument for a server that is no IP address, std::system_error where c-ares cannot be started.
  explicit DnsClient(Self& self, DnsOptions options = {});
  DnsClient(DnsClient&&) noexcept;
  DnsClient& operator=(DnsClient&&) noexcept;
  ~DnsClient();

  explicit operator bool() const noexcept { return core_ != nullptr; }
  /// Look-ups whose outcome is still to come.
  std::size_t lookups() const noexcept;
  /// Whom it asks.
  std::vector<SocketAddress> servers() const;

  /// Records of a name. Calls `done` once, later, as the client's session; every error comes that way. Until then the
  /// session lives on.
  [[nodiscard]] DnsCall query(std::string name, DnsType type, Fn<void(Answer)> done);
  /// The answer comes as an event, which the session has declared: Event<poe::DnsClient::Answer> told{"told"}.
  [[nodiscard]] DnsCall query(std::string name, DnsType type, const Event<Answer>& event);
  /// co_await dns.query(name, type): Result<DnsAnswer>; also `cancelled` when the session stops.
  DnsQueryAwait query(std::string name, DnsType type);

  /// At least one address, in the order to try them (RFC 6724); see Resolver. The hosts file comes first. Numeric ones
  /// ask nobody.
  [[nodiscard]] DnsCall addresses(ResolveQuery query, Fn<void(ResolveAnswer)> done);
  [[nodiscard]] DnsCall addresses(ResolveQuery query, const Event<ResolveAnswer>& event);
  DnsAddressesAwait addresses(ResolveQuery query);
  [[nodiscard]] DnsCall addresses(std::string host, std::string service, Fn<void(ResolveAnswer)> done) {
    return addresses(ResolveQuery(std::move(host), std::move(service)), std::move(done));
  }
  [[nodiscard]] DnsCall addresses(std::string host, std::string service, const Event<ResolveAnswer>& event) {
    return addresses(ResolveQuery(std::move(host), std::move(service)), event);
  }
  DnsAddressesAwait addresses(std::string host, std::string service);

  /// addresses() for SocketFactoryOptions::resolver and the like; fails with `closed` once this client is gone.
  std::shared_ptr<Resolver> resolver() const;

 private:
  // Why shared_ptr: it may be dropped inside its own callbacks, and calls outlive it.
  std::shared_ptr<DnsCore> core_;
};

}  // namespace poe
