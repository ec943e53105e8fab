// SPDX-License-Identifier: MIT
//
// DatagramSocket: datagrams in, datagrams out, each with its peer (POE::Wheel::UDP of CPAN): UDP over IPv4 and IPv6,
// with multicast, and Unix datagrams. It belongs to one session, whose member it usually is, and is used on the loop
// thread. It owns its socket and closes it when it goes.
//
// The handle may be moved and dropped at any time, also inside the wheel's own callbacks: nothing more is delivered
// then. What one peer does wrong never ends the wheel.
//
//     poe::DatagramOptions options = poe::DatagramOptions::bind(poe::SocketAddress::any(AF_INET, 7));
//     options.on_datagram = [this](std::string_view bytes, const poe::SocketAddress& peer) { socket_.put(bytes, peer);
//     }; socket_ = poe::DatagramSocket(*this, std::move(options));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "poe/export.hpp"
#include "poe/session.hpp"
#include "poe/wheels/datagram_options.hpp"

namespace poe {

/// What became of a put(): the system has it, it waits in the queue, or it was dropped as WhenFull says.
enum class Sent : std::uint8_t { sent, queued, dropped };

class DatagramAwait;
class DatagramsSent;

class POE_API DatagramSocket {
 public:
  /// No wheel; every call but assignment and operator bool is a bug then, except that those with a Result fail with
  /// `closed`.
  DatagramSocket() noexcept;
  /// Bound, connected and listening when this returns, unless on_error says otherwise, later. Throws
  /// std::invalid_argument if there is neither an address nor a socket: a bug in the caller.
  DatagramSocket(Self& self, DatagramOptions options);
  DatagramSocket(DatagramSocket&& other) noexcept;
  DatagramSocket& operator=(DatagramSocket&& other) noexcept;
  /// Drops what waits in the queue; wait for on_flushed to have it out.
  ~DatagramSocket();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Unique among the wheels that exist in this process; 0: no wheel.
  std::uint64_t id() const noexcept { return reinterpret_cast<std::uintptr_t>(state_.get()); }
  /// A borrowed number, -1: none.
  int fd() const noexcept;
  /// Error: no socket, or what getsockname says.
  Result<SocketAddress> local_address() const;
  /// Whom it is connected to; none: nobody.
  SocketAddress remote_address() const;

  // ---- output

  /// Sends at once what the system takes; otherwise a copy waits, in order for each peer. Errors, with nothing of the
  /// datagram sent or queued: `system` with EMSGSIZE (too long for the way there), ECONNREFUSED (a Unix peer that is
  /// gone), ENETUNREACH and the like; `limit` (WhenFull::refuse); `invalid_argument` (no peer, or another than the one
  /// it is connected to); `closed`. A datagram that waited and then failed is told through on_error. Sent means given
  /// to the system: the network may lose it.
  Result<Sent> put(std::string_view datagram, const SocketAddress& peer);
  /// To the peer it is connected to.
  Result<Sent> put(std::string_view datagram);
  /// Datagrams that wait, and their octets.
  std::size_t queued() const noexcept;
  std::size_t queued_octets() const noexcept;
  /// How many put() or WhenFull has dropped.
  std::uint64_t dropped() const noexcept;

  // ---- input

  /// Nothing is received any more, also not the rest of this turn. The system keeps what comes, as far as its buffer
  /// goes.
  void pause() noexcept;
  void resume() noexcept;

  // ---- multicast. Interfaces by name or number; empty: the system's choice, by its routes. Error `invalid_argument`:
  // no such interface, or no group of this socket's family; otherwise what setsockopt says, `closed`.

  /// Becomes a member: what is sent to the group and this socket's port is received. `source`: from that sender alone
  /// (RFC 4607). Bind to the group's port, with `reuse` if others on this machine listen, too. On Linux only the groups
  /// that this socket joined are heard from then on, not those of its neighbours (IP_MULTICAST_ALL).
  Result<void> join(const SocketAddress& group, std::string_view interface = {}, const SocketAddress& source = {});
  /// As it was joined.
  Result<void> leave(const SocketAddress& group, std::string_view interface = {}, const SocketAddress& source = {});
  /// How many routers what is sent to groups may pass, and one more: 0 stays on this machine, 1 (the default) on this
  /// network, at most 255.
  Result<void> set_multicast_ttl(int hops);
  /// Whether members on this machine hear it, too, us included; true by default.
  Result<void> set_multicast_loopback(bool on);
  /// Where what is sent to groups leaves.
  Result<void> set_multicast_interface(std::string_view interface);
  Result<void> set_broadcast(bool on);

  // ---- coroutines: include poe/wheels/datagram_awaits.hpp to use these. The wheel must outlive what it gives.

  /// The next datagram: co_await wheel.receive() gives a Result<Datagram>, within(1s) limits the wait. For a wheel made
  /// without on_datagram; one at a time. Does not suspend if one is there, up to per_turn times. Errors: those of
  /// on_error with "receive", after which receiving may go on; the end, this time and ever after; `closed` (the wheel
  /// goes); `invalid_argument` (somebody else gets them).
  DatagramAwait receive();
  /// Until nothing waits in the queue: Result<void>. Errors: `closed`, or the end.
  DatagramsSent flushed();

  // Change a callback, also while it runs. A wheel without on_datagram begins to receive when it gets one; an empty one
  // stops it.
  void on_datagram(Fn<void(std::string_view, const SocketAddress&)> callback);
  void on_error(Fn<void(const Error&)> callback);
  void on_flushed(Fn<void()> callback);

 private:
  friend class DatagramAwait;
  friend class DatagramsSent;
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace poe
