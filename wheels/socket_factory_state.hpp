// SPDX-License-Identifier: MIT
//
// The pinned part of a SocketFactory: the way from options to a socket, one step after the other. The handle points
// here and may move. Whoever calls back holds a shared_ptr, so that the handle may be dropped in its own callback.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "acceptor.hpp"
#include "connect_race.hpp"
#include "poe/wheels/resolver.hpp"
#include "poe/wheels/socket_factory.hpp"
#include "replaceable.hpp"
#include "socket_plan.hpp"
#include "socket_slot.hpp"

namespace poe {

class SocketFactory::State : public std::enable_shared_from_this<State> {
 public:
  State(Self& self, SocketFactoryOptions&& options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Outside of the constructor, because what follows needs shared_from_this().
  void begin();
  /// The handle is gone: nothing is delivered from here on.
  void close() noexcept;

  Result<SocketAddress> local_address() const;
  void set_paused(bool paused) noexcept;
  void set_on_success(Fn<void(Accepted)> callback) { on_success_.set(std::move(callback)); }
  void set_on_failure(Fn<void(const Error&)> callback) { on_failure_.set(std::move(callback)); }
  /// Where a Task takes the sockets; nullptr: callbacks do.
  SocketSlot* slot() noexcept { return slot_ ? &*slot_ : nullptr; }

 private:
  using Addresses = std::vector<SocketAddress>;
  using Step = void (State::*)();

  // Addresses, socket_factory_state.cpp
  void find_bind_address();
  void find_remote_address();
  void take_unix_addresses();
  void look_up(const ResolveQuery& query, Addresses State::*result, Step next);
  void looked_up(ResolveAnswer answer, Addresses State::*result, Step next);
  void proceed();

  // Sockets, socket_factory_sockets.cpp
  bool wants_bind() const noexcept;
  Result<SocketAddress> bind_address_for(int family) const;
  Result<Fd> open_socket(int family) const;
  Result<void> set_options(const Fd& socket) const;
  Result<void> bind_socket(const Fd& socket, const SocketAddress& where) const;
  void bind_first();
  Result<Fd> bound_socket(const SocketAddress& where) const;
  Result<void> listen_on(Fd socket, const SocketAddress& where);
  void hand_over_datagram(Fd socket);

  // Connecting, socket_factory_connect.cpp
  void connect_any();
  Result<Fd> client_socket(const SocketAddress& to) const;
  void timed_out();

  // Ends
  void start_limit(Duration limit);
  void deliver(Fd socket, const SocketAddress& peer);
  void deliver_last(Fd socket, const SocketAddress& peer);
  void tell_fault(const Error& error);
  void fail(Error error);
  void remember(Error error);
  void fail_with_remembered();
  void drop_sockets() noexcept;
  template <class F>
  void later(F work);

  Self& self_;
  SocketFactoryOptions options_;
  Replaceable<Accepted> on_success_;
  Replaceable<const Error&> on_failure_;
  std::optional<SocketSlot> slot_{};  // if there are no callbacks
  SocketPlan plan_{};
  Resolution look_up_{};
  Addresses bind_addresses_{};
  Addresses remotes_{};
  std::optional<TimePoint> deadline_{};  // of connect_timeout
  std::vector<Error> failures_{};        // of the addresses that could not be bound
  Fd socket_{};                          // a datagram socket, until it is handed over
  std::shared_ptr<ConnectRace> race_{};
  Timer limit_{};
  std::shared_ptr<Acceptor> acceptor_{};
  bool paused_ = false;
  bool closed_ = false;
};

/// Queues work that is dropped if the wheel is gone by then.
template <class F>
void SocketFactory::State::later(F work) {
  self_.defer([weak = weak_from_this(), work = std::move(work)]() mutable {
    const auto alive = weak.lock();
    if (alive && !alive->closed_) work(*alive);
  });
}

}  // namespace poe
