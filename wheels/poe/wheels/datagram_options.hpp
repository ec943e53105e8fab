// SPDX-License-Identifier: MIT
//
// What a DatagramSocket is told when it is made: where it is, what it may hold, and who is to be called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/fd.hpp"
#include "poe/fn.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

/// One that came, as co_await gives it. Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when
/// they travel in a co_await operand.
struct Datagram {
  Datagram() = default;
  Datagram(std::string what, const SocketAddress& from) : bytes(std::move(what)), peer(from) {}

  std::string bytes{};
  SocketAddress peer{};  ///< who sent it; none for a Unix socket without a name
};

/// What becomes of a datagram that finds the output queue full.
enum class WhenFull : std::uint8_t {
  refuse,       ///< put() answers error `limit`
  drop_newest,  ///< this one is dropped
  drop_oldest,  ///< the ones that wait longest are dropped to make room: for positions, sound, and other news
};

/// With a local address the socket is bound; with a remote one it is connected: it hears that peer alone, and is told
/// when nobody is there. Addresses are values: names are looked up by a Resolver, or by a SocketFactory (protocol
/// "udp"), whose socket can be given here. At least one of the three is needed.
class POE_API DatagramOptions {
 public:
  DatagramOptions();
  /// One that exists already; owned by the wheel from then on, and made non-blocking.
  explicit DatagramOptions(Fd existing);
  DatagramOptions(DatagramOptions&&) noexcept;
  DatagramOptions& operator=(DatagramOptions&&) noexcept;
  ~DatagramOptions();

  // Starting points.
  static DatagramOptions bind(const SocketAddress& local);
  static DatagramOptions connect(const SocketAddress& remote);

  Fd socket{};
  /// Port 0: any free one. A Unix path must not exist yet, and stays when the wheel goes; an abstract name
  /// (SocketAddress::parse("@name")) goes with it. Without one, a Unix socket cannot be answered.
  SocketAddress local{};
  SocketAddress remote{};

  // What follows up to the buffers is for sockets the wheel makes itself.

  /// SO_REUSEADDR: others may have the same address. Who gets what is sent to one address is then undefined; a
  /// multicast group's members all get it.
  bool reuse = false;
  /// SO_REUSEPORT: the system spreads over all who asked for it, which must be of one user.
  bool share_port = false;
  /// IPV6_V6ONLY. Not said: the system's default, on Linux false: "::" hears IPv4, too, from ::ffff:a.b.c.d.
  std::optional<bool> v6_only{};
  /// SO_BROADCAST: sending to broadcast addresses is allowed.
  bool broadcast = false;
  /// Linux, for sockets that are not connected (IP_RECVERR): that nobody is there is told through on_error, with the
  /// peer as subject. Connected sockets are told without it. One report for each datagram refused, in its time, from
  /// the network: anybody who can forge ICMP may cause them.
  bool peer_errors = false;
  /// Octets the system may keep in each direction (SO_RCVBUF, SO_SNDBUF); 0: its default. It rounds, and caps silently
  /// (net.core.rmem_max, wmem_max).
  int receive_buffer = 0;
  int send_buffer = 0;

  /// Longest datagram that is received, in octets. The default holds every UDP datagram; Unix ones may be longer. From
  /// 65537 on each turn that reads allocates as much.
  std::size_t max_size = std::size_t{64} << 10;
  /// Datagrams received, and late ones sent, before others have their turn; at least 1.
  std::uint32_t per_turn = 64;
  /// What put() may leave waiting, in datagrams and octets, when the system takes no more.
  std::size_t max_queued = 1024;
  std::size_t max_queued_octets = std::size_t{4} << 20;
  WhenFull when_full = WhenFull::refuse;

  /// Gets each datagram, one call each, empty ones too; view and peer are valid during it. Empty: the socket is read
  /// only while receive() waits, and the system drops what finds no room.
  Fn<void(std::string_view bytes, const SocketAddress& peer)> on_datagram{};
  /// operation() is the step: "socket", "setsockopt", "bind", "connect" and "watch" are the end, told once. "receive"
  /// and "send" are not: subject() is the peer, and the socket goes on. "receive" with Errc::limit: a datagram was
  /// longer than max_size and has been dropped, because a part of it is another message. Empty: faults are silent.
  Fn<void(const Error&)> on_error{};
  /// The queue is empty again: all that had to wait has been sent or has failed.
  Fn<void()> on_flushed{};
};

}  // namespace poe
