// SPDX-License-Identifier: MIT
//
// SocketFactory: makes sockets: listens and accepts, connects, or binds datagram sockets (POE::Wheel::SocketFactory);
// TCP, UDP and Unix, IPv4 and IPv6, names resolved off the loop.
//
// It belongs to one session, whose member it usually is, and is used on the loop thread. The handle may be moved and
// dropped at any time, also in its own callbacks: nothing more is delivered then, and the socket is closed unless it
// was handed over.
#pragma once

#include <cstdint>
#include <memory>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/session.hpp"
#include "poe/wheels/socket_factory_options.hpp"

namespace poe {

class SocketAwait;

class POE_API SocketFactory {
 public:
  /// No wheel.
  SocketFactory() noexcept;
  /// Begins at once; what the world refuses comes through on_failure, later, never from inside this call (P132). Throws
  /// std::invalid_argument for bugs in the caller: one callback of the two or the remote port is missing, or the
  /// protocol exists but is neither tcp nor udp (P133).
  ///
  /// Without names to look up, a listener listens when this returns: local_address() tells the port.
  SocketFactory(Self& self, SocketFactoryOptions options);
  SocketFactory(SocketFactory&&) noexcept;
  SocketFactory& operator=(SocketFactory&&) noexcept;
  /// Closes a listening or connecting socket. A Unix socket's file stays (P138).
  ~SocketFactory();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Unique among the wheels that exist in this process; 0: no wheel.
  std::uint64_t id() const noexcept { return reinterpret_cast<std::uintptr_t>(state_.get()); }

  /// Where the listening or connecting socket is bound (POE's getsockname). Error `closed` before it exists, after it
  /// was handed over, and after a failure.
  Result<SocketAddress> local_address() const;

  /// Leaves connections in the backlog (P139); the wheel still keeps its session alive. Works before it listens, too.
  void pause_accept() noexcept;
  void resume_accept() noexcept;

  // ---- coroutines: include poe/wheels/socket_awaits.hpp to use these. For a wheel made without callbacks; one Task at
  // a time. The wheel must outlive what it gives.

  /// The next connection: co_await wheel.accept() gives a Result<Accepted>. Those nobody asks for stay in the backlog.
  /// Does not suspend if one is there, up to 16 times in a turn. Errors: those of on_failure, after "accept" it can be
  /// called again; `closed` (the wheel goes, or has handed its only socket over); `invalid_argument` (there are
  /// callbacks, or another Task waits).
  SocketAwait accept();
  /// The same, for a wheel that connects: the connection. Without a remote address: the datagram socket.
  SocketAwait connected();

  /// Change a callback, also while it runs. An empty one throws std::invalid_argument (P140), and so does a wheel made
  /// without callbacks.
  void on_success(Fn<void(Accepted)> callback);
  void on_failure(Fn<void(const Error&)> callback);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace poe
