// SPDX-License-Identifier: MIT
//
// What a SocketFactory is told: which socket, where, and who is to be called.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/fd.hpp"
#include "poe/fn.hpp"
#include "poe/time.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

class Resolver;

/// `any`: what the addresses say; a listener without one is IPv4, as POE's default is. `local`: Unix.
enum class SocketDomain : std::uint8_t { any, ipv4, ipv6, local };

/// by_protocol: a datagram socket for udp, else a stream.
enum class SocketType : std::uint8_t { by_protocol, stream, datagram, seqpacket };

/// A port by number, 0 to 65535, or by service name ("http"). A class of its own, because a std::string takes a number
/// for a character. A number out of range becomes an error of the wheel, "getservbyname".
class Port {
 public:
  Port() noexcept = default;
  template <std::integral I>
  requires(!std::same_as<I, bool> && !std::same_as<I, char>) Port(I number) : text_(std::to_string(number)) {}
  Port(std::string service) : text_(std::move(service)) {}
  Port(std::string_view service) : text_(service) {}
  Port(const char* service) : text_(service) {}

  bool empty() const noexcept { return text_.empty(); }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_{};
};

/// For setsockopt(): SocketOption(IPPROTO_TCP, TCP_NODELAY, 1).
class SocketOption {
 public:
  SocketOption(int its_level, int its_name, int number)
      : level(its_level), name(its_name), value(reinterpret_cast<const char*>(&number), sizeof number) {}
  /// The bytes of whatever the option takes: a device's name, a struct.
  SocketOption(int its_level, int its_name, std::string bytes)
      : level(its_level), name(its_name), value(std::move(bytes)) {}

  int level;
  int name;
  std::string value;
};

/// A socket somebody made for us.
struct Accepted {
  Accepted(Fd its_socket, SocketAddress its_peer, std::uint64_t from) noexcept
      : socket(std::move(its_socket)), peer(its_peer), wheel(from) {}

  Fd socket;            ///< yours now
  SocketAddress peer;   ///< who is on the other side; none for a datagram socket without a remote address
  std::uint64_t wheel;  ///< SocketFactory::id(), ListenAccept::id()
};

/// With a remote address the wheel connects; without one, a stream socket listens and a datagram socket is handed over
/// as it is. Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await
/// operand.
class POE_API SocketFactoryOptions {
 public:
  SocketFactoryOptions();
  SocketFactoryOptions(SocketFactoryOptions&&) noexcept;
  SocketFactoryOptions& operator=(SocketFactoryOptions&&) noexcept;
  ~SocketFactoryOptions();

  // Starting points; the callbacks are still to be given.
  static SocketFactoryOptions listen(std::string address, Port port);
  static SocketFactoryOptions connect(std::string address, Port port);
  static SocketFactoryOptions listen_local(std::string path);
  static SocketFactoryOptions connect_local(std::string path);

  SocketDomain domain = SocketDomain::any;
  SocketType type = SocketType::by_protocol;
  /// "tcp", "udp", or their numbers; empty: by type, tcp for streams. Ignored in the Unix domain.
  std::string protocol{};

  /// Host name, numeric address, or Unix path (a leading '@' or NUL makes an abstract name). Empty: all interfaces.
  /// A name with several addresses means the first that can be bound.
  std::string bind_address{};
  /// Empty: any free one. Ignored in the Unix domain.
  Port bind_port{};
  /// Makes this a client. If a name has several addresses, the first to answer is taken: see attempt_delay.
  std::string remote_address{};
  /// Compulsory with a remote address, except in the Unix domain, which ignores it (P133).
  Port remote_port{};

  /// Connections that may wait to be accepted; not clamped, the system caps it. SOMAXCONN by default. Listeners only.
  int listen_queue;
  /// SO_REUSEADDR: bind although connections of a former server linger (TIME_WAIT).
  bool reuse = false;
  /// SO_REUSEPORT: several listeners, or datagram sockets, of one user share address and port; the system spreads what
  /// comes over them. All of them must ask for it. For one kernel on each of several threads.
  bool share_port = false;
  /// TCP_NODELAY, for TCP: what is written leaves at once. Otherwise the end of a large answer may wait for the other
  /// side's delayed acknowledgement, 40 ms and more (Nagle's algorithm, RFC 896). On Linux a listener's passes on.
  bool no_delay = false;
  /// Options for each socket made, in this order, before it is bound; on Linux those of a listener pass on to what it
  /// accepts.
  std::vector<SocketOption> socket_options{};
  /// Time from now until connected, look-up and all addresses included; none by default: then the system's own limit
  /// holds, about two minutes an address.
  Duration connect_timeout = kForever;
  /// "Happy eyeballs" (RFC 8305): addresses of both families take turns, beginning with the resolver's first answer;
  /// the next attempt starts when the one before has failed, or after this time, while the former ones go on. The first
  /// to succeed is delivered, all others are closed. At least 10 ms; shorter if connect_timeout leaves less for each
  /// address. kForever, or a fixed bind_port: one after the other. A Unix path is one address.
  Duration attempt_delay = std::chrono::milliseconds(250);
  /// Share one among many factories, to bound the threads that look names up. nullptr: an own one, one thread.
  std::shared_ptr<Resolver> resolver{};

  /// Gets each accepted socket, the connected one, or the datagram socket. Required, as is on_failure; without both
  /// they are taken with co_await, see SocketFactory::accept().
  Fn<void(Accepted)> on_success{};
  /// operation() is the step that failed: domain, getprotobyname, getprotobynumber, getservbyname, inet_aton,
  /// getaddrinfo, pack_sockaddr_un, socket, setsockopt, bind, listen, watch, accept, connect, getpeername; subject() is
  /// what was tried; number() the errno. With several addresses it tells of the first that says most (a refusal more
  /// than silence, silence more than a family this machine cannot reach; the last one for a bind) or, if
  /// connect_timeout ended it, of the first that had not answered, with code timed_out; report() tells of all. A
  /// listener goes on after "accept" (see ListenAcceptOptions::on_error); every other step is the end.
  Fn<void(const Error&)> on_failure{};
};

}  // namespace poe
