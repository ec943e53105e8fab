// SPDX-License-Identifier: MIT
//
// Connecting: each address of the peer in turn, until one answers.
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "socket_factory_state.hpp"

namespace poe {
namespace {

std::string connect_advice(int number) {
  switch (number) {
    case ECONNREFUSED:
      return "nobody listens there: start the server, or check address and port";
    case ENOENT:
      return "there is no such socket file: start the server, or check the path";
    case EAGAIN:
      return "the listener's backlog is full: try again later";
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return "the machine does not answer: check address, network and firewall";
    case EADDRNOTAVAIL:
      return "no free local port, or this machine cannot reach that address";
    case EACCES:
    case EPERM:
      return "permission: check the file's mode, or the firewall";
    default:
      return {};
  }
}

std::string seconds(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", std::chrono::duration<double>(time).count());
  return text;
}

}  // namespace

void SocketFactory::State::connect_next() {
  while (next_remote_ < remotes_.size()) {
    const SocketAddress& to = remotes_[next_remote_++];
    if (auto started = start_connect(to); !started) {
      drop_socket();
      remember(std::move(started.error()));
      continue;
    }
    limit_attempt();
    return;
  }
  fail_with_remembered();
}

Result<void> SocketFactory::State::start_connect(const SocketAddress& to) {
  auto socket = open_socket(to.family());
  if (!socket) return failure(socket.error());
  if (wants_bind()) {
    const auto from = bind_address_for(to.family());
    if (!from) return failure(from.error());
    if (auto bound = bind_socket(*socket, *from); !bound) return bound;
  }
  socket_ = std::move(*socket);
  const poe_sys& system = socket_.system();
  const int result = system.connect(system.ctx, socket_.get(), to.data(), to.size());
  if (result == -EINPROGRESS || result == -EINTR) return wait_for_answer();
  if (result < 0) return system_failure(-result, "connect", to.to_string(), connect_advice(-result));
  later([attempt = next_remote_](State& self) {
    if (self.socket_ && self.next_remote_ == attempt) self.finish_connect();
  });
  return {};
}

Result<void> SocketFactory::State::wait_for_answer() {
  auto watch = self_.watch(socket_.get(), POE_WRITE, [weak = weak_from_this()](std::uint32_t) {
    const auto alive = weak.lock();
    if (alive && !alive->closed_) alive->finish_connect();
  });
  if (!watch) return failure(watch.error());
  watch_ = std::move(*watch);
  return {};
}

/// An equal share of what is left for each address not tried yet.
void SocketFactory::State::limit_attempt() {
  if (!deadline_) return;
  const Duration left = *deadline_ - self_.now();
  const auto attempts = static_cast<std::int64_t>(remotes_.size() - next_remote_ + 1);
  start_limit(left / attempts);
}

// The watch goes first (P134): the socket belongs to whoever gets it, and may be watched there at once.
void SocketFactory::State::finish_connect() {
  auto peer = connected_peer();
  if (!peer && peer.error().number() == ENOTCONN && still_connecting()) return;
  watch_.cancel();
  limit_.cancel();
  if (!peer) return attempt_failed(std::move(peer.error()));
  failures_.clear();
  deliver(std::move(socket_), *peer);
}

/// Whether the readiness was a false alarm, which a loop may give: the system is asked the same once more.
bool SocketFactory::State::still_connecting() const {
  const SocketAddress& to = remotes_[next_remote_ - 1];
  const poe_sys& system = socket_.system();
  const int result = system.connect(system.ctx, socket_.get(), to.data(), to.size());
  return result == -EALREADY || result == -EINPROGRESS;
}

/// The outcome comes from the socket's error option, then the peer is asked for (P135).
Result<SocketAddress> SocketFactory::State::connected_peer() const {
  const SocketAddress& to = remotes_[next_remote_ - 1];
  const poe_sys& system = socket_.system();
  int outcome = 0;
  std::uint32_t size = sizeof outcome;
  const int asked = system.getsockopt(system.ctx, socket_.get(), SOL_SOCKET, SO_ERROR, &outcome, &size);
  if (asked < 0) outcome = -asked;
  if (outcome != 0) return system_failure(outcome, "connect", to.to_string(), connect_advice(outcome));
  sockaddr_storage raw{};
  size = sizeof raw;
  const int named = system.getpeername(system.ctx, socket_.get(), &raw, &size);
  if (named < 0) return system_failure(-named, "getpeername", to.to_string(), "the peer hung up at once: try again");
  return SocketAddress::from_raw(&raw, size);
}

void SocketFactory::State::attempt_failed(Error error) {
  drop_socket();
  remember(std::move(error));
  connect_next();
}

void SocketFactory::State::timed_out() {
  const std::string why =
      "no answer within the limit of " + seconds(options_.connect_timeout) + " for the whole attempt";
  const std::string advice = "check address, network and firewall, or raise connect_timeout";
  if (remotes_.empty()) {
    const std::string what = plan_.remote_query(options_).to_string();
    return fail(Error(Errc::timed_out, "getaddrinfo", what, why, "ask `getent ahosts NAME` how long it takes"));
  }
  attempt_failed(Error(Errc::timed_out, "connect", remotes_[next_remote_ - 1].to_string(), why, advice));
}

}  // namespace poe
