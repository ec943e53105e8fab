// SPDX-License-Identifier: MIT
//
// ListenAccept: takes connections from a socket that listens already (POE::Wheel::ListenAccept): one inherited from
// systemd or a parent, or set up by hand. SocketFactory makes its own.
//
// It belongs to one session and is used on the loop thread. The handle may be moved and dropped at any time, also in
// its own callbacks: nothing more is delivered then.
#pragma once

#include <cstdint>
#include <memory>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/fd.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

class SocketAwait;

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
class ListenAcceptOptions {
 public:
  explicit ListenAcceptOptions(Fd listening_socket) : listener(std::move(listening_socket)) {}

  /// Owned by the wheel from then on. It is made non-blocking.
  Fd listener;
  /// Gets the new socket and who is on the other side (for a Unix peer mostly an unnamed address).
  /// Empty: connections are taken with co_await, see ListenAccept::accept(); there is no on_error then.
  Fn<void(Fd socket, SocketAddress peer)> on_accept;
  /// Operation "accept", or "watch" if it could not begin at all. No connection waiting and connections aborted while
  /// they waited are silent (P136). Out of descriptors or memory: told at most once a second, accepting rests for
  /// 100 ms and goes on by itself. No error ends the wheel.
  Fn<void(const Error&)> on_error;
};

class POE_API ListenAccept {
 public:
  /// No wheel.
  ListenAccept() noexcept;
  /// Throws std::invalid_argument if the socket is missing, or on_error is given alone: a bug in the caller.
  /// Everything else comes through on_error, later.
  ListenAccept(Self& self, ListenAcceptOptions options);
  ListenAccept(ListenAccept&&) noexcept;
  ListenAccept& operator=(ListenAccept&& other) noexcept;
  /// Closes the socket; connections in its backlog are refused.
  ~ListenAccept();

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Unique among the wheels that exist in this process; 0: no wheel.
  std::uint64_t id() const noexcept { return reinterpret_cast<std::uintptr_t>(state_.get()); }

  /// Leaves connections in the backlog (P139); the wheel still keeps its session alive.
  void pause_accept() noexcept;
  void resume_accept() noexcept;

  /// Error: no wheel, or what getsockname says.
  Result<SocketAddress> local_address() const;

  /// The next connection: co_await wheel.accept() gives a Result<Accepted>; include poe/wheels/socket_awaits.hpp. The
  /// wheel must outlive what it gives. As SocketFactory::accept().
  SocketAwait accept();

  /// Change a callback, also while it runs. An empty on_accept throws std::invalid_argument (P140), and so does a wheel
  /// made without callbacks.
  void on_accept(Fn<void(Fd, SocketAddress)> callback);
  void on_error(Fn<void(const Error&)> callback);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace poe
