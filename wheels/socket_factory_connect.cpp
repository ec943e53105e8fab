// SPDX-License-Identifier: MIT
//
// Connecting: a race between the addresses of the peer, and the limit on the whole.
#include <sys/socket.h>

#include <cstdio>
#include <utility>

#include "socket_factory_state.hpp"

namespace poe {
namespace {

std::string seconds(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", std::chrono::duration<double>(time).count());
  return text;
}

}  // namespace

void SocketFactory::State::connect_any() {
  ConnectRace::Hooks hooks;
  hooks.open = [this](const SocketAddress& to) { return client_socket(to); };
  hooks.won = [weak = weak_from_this()](Fd socket, const SocketAddress& peer) {
    const auto alive = weak.lock();
    if (!alive) return;
    alive->limit_.cancel();
    alive->deliver_last(std::move(socket), peer);
  };
  hooks.lost = [weak = weak_from_this()](Error error) {
    if (const auto alive = weak.lock()) alive->fail(std::move(error));
  };
  const bool fixed_port = !bind_addresses_.empty() && bind_addresses_.front().port() != 0;
  const ConnectRace::Rules rules{options_.attempt_delay, deadline_, fixed_port};
  race_ = std::make_shared<ConnectRace>(self_, std::exchange(remotes_, {}), rules, std::move(hooks));
  race_->start();
}

Result<Fd> SocketFactory::State::client_socket(const SocketAddress& to) const {
  auto socket = open_socket(to.family());
  if (!socket || !wants_bind()) return socket;
  const auto from = bind_address_for(to.family());
  if (!from) return failure(from.error());
  if (auto bound = bind_socket(*socket, *from); !bound) return failure(bound.error());
  return socket;
}

void SocketFactory::State::timed_out() {
  const std::string why =
      "no answer within the limit of " + seconds(options_.connect_timeout) + " for the whole attempt";
  if (race_) return race_->time_out(why, "check address, network and firewall, or raise connect_timeout");
  const std::string what = plan_.remote_query(options_).to_string();
  fail(Error(Errc::timed_out, "getaddrinfo", what, why, "ask `getent ahosts NAME` how long it takes"));
}

}  // namespace poe
