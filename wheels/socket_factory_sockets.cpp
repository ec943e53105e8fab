// SPDX-License-Identifier: MIT
//
// Making, binding and listening.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "socket_factory_state.hpp"

namespace poe {
namespace {

std::string bind_advice(int number, const SocketAddress& where) {
  switch (number) {
    case EADDRINUSE:
      return where.family() == AF_UNIX && !where.is_abstract()
                 ? "another program listens there, or a former one left the file: see `ss -xlp`, then remove it"
                 : "another socket has it: see `ss -tulnp`, choose another port, or set `reuse` if a former server "
                   "has just ended";
    case EADDRNOTAVAIL:
      return "this machine does not have that address: see `ip address`";
    case EACCES:
      return where.family() == AF_UNIX ? "check the permissions of the folder"
                                       : "ports below 1024 need a privilege: choose a higher one";
    case ENOENT:
    case ENOTDIR:
      return "the folder does not exist: make it first";
    case EAFNOSUPPORT:
      return "bind to an address of the same family as the remote one";
    default:
      return {};
  }
}

std::string name_of(int family, int type) {
  const std::string domain = family == AF_UNIX ? "Unix" : (family == AF_INET6 ? "IPv6" : "IPv4");
  return domain + (type == SOCK_STREAM ? " stream" : (type == SOCK_DGRAM ? " datagram" : " seqpacket"));
}

std::string socket_advice(int number) {
  switch (number) {
    case EMFILE:
      return "this process has used up its descriptors: close some, or raise `ulimit -n`";
    case ENFILE:
      return "the whole system has used up its descriptors: see fs.file-max";
    case EAFNOSUPPORT:
      return "this system has no such sockets: use another domain";
    case EPROTONOSUPPORT:
    case EPROTOTYPE:
    case ESOCKTNOSUPPORT:
      return "type and protocol do not go together: leave one of them out";
    default:
      return {};
  }
}

}  // namespace

bool SocketFactory::State::wants_bind() const noexcept {
  return !options_.bind_address.empty() || (!plan_.is_unix() && !options_.bind_port.empty());
}

/// Of the addresses a client may bind to, the one that goes with a remote address.
Result<SocketAddress> SocketFactory::State::bind_address_for(int family) const {
  if (options_.bind_address.empty()) return SocketAddress::any(family, bind_addresses_.front().port());
  for (const SocketAddress& address : bind_addresses_) {
    if (address.family() == family) return address;
  }
  return system_failure(EAFNOSUPPORT, "bind", bind_addresses_.front().to_string(),
                        bind_advice(EAFNOSUPPORT, bind_addresses_.front()));
}

Result<Fd> SocketFactory::State::open_socket(int family) const {
  const poe_sys& system = self_.system();
  const int got = system.socket(system.ctx, family, plan_.type, plan_.protocol);
  if (got < 0) {
    return system_failure(-got, "socket", name_of(family, plan_.type), socket_advice(-got));
  }
  Fd socket(got, &system);
  if (auto set = set_options(socket); !set) return failure(set.error());
  if (options_.no_delay && plan_.type == SOCK_STREAM && !plan_.is_unix()) {
    const int on = 1;  // if it fails, this is no TCP
    static_cast<void>(system.setsockopt(system.ctx, socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  }
  return socket;
}

Result<void> SocketFactory::State::set_options(const Fd& socket) const {
  const poe_sys& system = socket.system();
  const auto set = [&](const SocketOption& option) {
    return system.setsockopt(system.ctx, socket.get(), option.level, option.name, option.value.data(),
                             static_cast<std::uint32_t>(option.value.size()));
  };
  if (options_.reuse) {
    const int result = set(SocketOption(SOL_SOCKET, SO_REUSEADDR, 1));
    if (result < 0) return system_failure(-result, "setsockopt", "SO_REUSEADDR", "do without `reuse`");
  }
  if (options_.share_port) {
    const int result = set(SocketOption(SOL_SOCKET, SO_REUSEPORT, 1));
    if (result < 0) return system_failure(-result, "setsockopt", "SO_REUSEPORT", "do without `share_port`");
  }
  for (const SocketOption& option : options_.socket_options) {
    if (const int result = set(option); result < 0) {
      return system_failure(-result, "setsockopt",
                            "level " + std::to_string(option.level) + ", option " + std::to_string(option.name),
                            "check that this option goes with this kind of socket, or leave it out");
    }
  }
  return {};
}

Result<void> SocketFactory::State::bind_socket(const Fd& socket, const SocketAddress& where) const {
  const poe_sys& system = socket.system();
  const int result = system.bind(system.ctx, socket.get(), where.data(), where.size());
  if (result < 0) return system_failure(-result, "bind", where.to_string(), bind_advice(-result, where));
  return {};
}

Result<Fd> SocketFactory::State::bound_socket(const SocketAddress& where) const {
  auto socket = open_socket(where ? where.family() : plan_.family);
  if (!socket || !where) return socket;
  if (auto bound = bind_socket(*socket, where); !bound) return failure(bound.error());
  return socket;
}

/// Listener or datagram socket at the first of the addresses that takes it.
void SocketFactory::State::bind_first() {
  if (bind_addresses_.empty()) bind_addresses_.emplace_back();  // a Unix socket without a path
  for (const SocketAddress& where : bind_addresses_) {
    auto socket = bound_socket(where);
    if (socket && plan_.mode == SocketMode::datagram) return hand_over_datagram(std::move(*socket));
    auto done = socket ? listen_on(std::move(*socket), where) : failure(socket.error());
    if (done) return;
    remember(std::move(done.error()));
  }
  fail_with_remembered();
}

void SocketFactory::State::hand_over_datagram(Fd socket) {
  socket_ = std::move(socket);
  later([](State& self) { self.deliver_last(std::move(self.socket_), SocketAddress()); });
}

Result<void> SocketFactory::State::listen_on(Fd socket, const SocketAddress& where) {
  const poe_sys& system = socket.system();
  if (const int result = system.listen(system.ctx, socket.get(), options_.listen_queue); result < 0) {
    return system_failure(-result, "listen", where.to_string(),
                          result == -EINVAL ? "a Unix listener needs a bind_address" : bind_advice(-result, where));
  }
  auto acceptor = std::make_shared<Acceptor>(
      self_, std::move(socket),
      [weak = weak_from_this()](Fd fresh, SocketAddress peer) {
        if (const auto alive = weak.lock()) alive->deliver(std::move(fresh), peer);
      },
      [weak = weak_from_this()](const Error& error) {
        if (const auto alive = weak.lock()) alive->tell_fault(error);
      },
      slot_ ? Fn<bool()>([this] { return slot_->wanted(); }) : Fn<bool()>());
  if (paused_) acceptor->pause();
  if (auto started = acceptor->start(); !started) return started;
  acceptor_ = std::move(acceptor);
  return {};
}

}  // namespace poe
