// SPDX-License-Identifier: MIT
//
// Resolver: host and service names become addresses, off the loop. getaddrinfo() blocks for as long as name servers
// please, so it runs in helper threads; the answer comes back to the session as a call on its own thread.
//
// The threads: at most `max_threads` at a time, started by need, gone when nothing waits, never joined: nothing of the
// loop waits for a name server, not even a destructor. They own what they touch, and block all signals.
//
// Why threads and not c-ares: getaddrinfo() follows the machine's own rules (nsswitch, hosts file, mDNS, containers),
// which a second resolver would answer differently. Who wants no threads gives a look-up that needs none: see
// Resolver::asynchronous(), and DnsClient::resolver() of poe::dns, which is c-ares.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

/// What to look up.
struct POE_API ResolveQuery {
  ResolveQuery() = default;
  ResolveQuery(std::string host_name, std::string service_name, int wanted_family = 0)
      : host(std::move(host_name)), service(std::move(service_name)), family(wanted_family) {}

  std::string host{};     ///< name or numeric address; empty: all interfaces if `passive`, else this machine
  std::string service{};  ///< port number or service name; empty: 0
  int family = 0;         ///< AF_INET, AF_INET6; 0: both, in the system's order of preference
  bool datagram = false;  ///< which protocol a service name means: udp instead of tcp
  bool passive = false;   ///< for bind() instead of connect()

  /// "example.org:http", for messages.
  std::string to_string() const;
};

/// At least one address, best first. Errors name the step that failed: "getaddrinfo" (host), "getservbyname" (service),
/// "inet_aton" (a text that only could be IPv6 where IPv4 was asked for).
using ResolveAnswer = Result<std::vector<SocketAddress>>;

/// A look-up under way. Dropping it cancels: nothing is called any more (a thread already waiting for a name server
/// finishes by itself, unheard). It keeps its session alive. May be dropped inside its own callback.
class POE_API Resolution {
 public:
  Resolution() noexcept;
  Resolution(Resolution&&) noexcept;
  Resolution& operator=(Resolution&&) noexcept;
  ~Resolution();
  /// Whether the answer is still to come.
  explicit operator bool() const noexcept;
  void cancel() noexcept;

 private:
  friend class Resolver;
  struct Request;
  explicit Resolution(std::shared_ptr<Request> request) noexcept;
  std::shared_ptr<Request> request_;
};

/// Loop thread. One may serve many sessions and kernels of that thread; dropping it cancels nothing and waits for
/// nobody. In the child of a fork, make a new one.
class POE_API Resolver {
 public:
  /// Answers one query, blocking, on a helper thread; several at a time. No address is an error. Destroyed on any
  /// thread.
  using Lookup = std::function<ResolveAnswer(const ResolveQuery&)>;

  /// Begins one query on the loop thread, asked by `self`, and calls `done` once, at any time: at once, later, from
  /// whichever session. What it returns stands for the query: when that goes, nobody wants the answer any more, and
  /// `done` does nothing. May be null. What it throws is the answer.
  using AsyncLookup =
      std::function<std::shared_ptr<void>(Self& self, const ResolveQuery& query, Fn<void(ResolveAnswer)> done)>;

  static constexpr unsigned kMaxThreads = 4;

  /// `lookup` replaces getaddrinfo(), also for kernels with a world of their own.
  explicit Resolver(unsigned max_threads = kMaxThreads, Lookup lookup = {});
  /// One without threads. Throws std::invalid_argument if `lookup` is empty.
  static Resolver asynchronous(AsyncLookup lookup);
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;
  ~Resolver();

  /// What needs no look-up: numeric addresses (or none) with numeric ports, and texts that cannot become one. Nothing
  /// if it takes a thread. Never blocks; any thread.
  static std::optional<ResolveAnswer> at_once(const ResolveQuery& query);

  /// Calls `done` once, later, as session `self`, with the answer: also where at_once() would have known it. In a
  /// kernel whose system() is not the real one, names other than "localhost" are an error, as a world that can be
  /// repeated has no name servers.
  [[nodiscard]] Resolution resolve(Self& self, ResolveQuery query, Fn<void(ResolveAnswer)> done);

 private:
  struct Pool;
  static void begin(const AsyncLookup& lookup, Self& self, const ResolveQuery& query,
                    const std::shared_ptr<Resolution::Request>& request);
  std::shared_ptr<Pool> pool_;
  AsyncLookup asynchronous_{};  // then the pool has no threads, ever
};

/// The port a service means: its number, or what this machine's list of services (a local file) says of its name; 0 if
/// there is none. Asks no name server. Any thread. Error "getservbyname".
POE_API Result<std::uint16_t> service_port(const ResolveQuery& query);

/// getaddrinfo() and getservbyname() as a Resolver::Lookup. Blocks: any thread but a loop's.
POE_API ResolveAnswer system_lookup(const ResolveQuery& query);

}  // namespace poe
