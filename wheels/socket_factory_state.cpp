// SPDX-License-Identifier: MIT
//
// The first part of the way: what is asked for, and at which addresses. And how it ends.
#include "socket_factory_state.hpp"

#include <sys/socket.h>

#include <utility>

namespace poe {

SocketFactory::State::State(Self& self, SocketFactoryOptions&& options)
    : self_(self),
      options_(std::move(options)),
      on_success_(std::move(options_.on_success)),
      on_failure_(std::move(options_.on_failure)) {
  if (on_success_) return;
  slot_.emplace("SocketFactory", [this] {
    if (acceptor_) acceptor_->ask();
  });
}

void SocketFactory::State::begin() {
  auto plan = plan_socket(options_);
  if (!plan) return fail(std::move(plan.error()));
  plan_ = *plan;
  if (options_.connect_timeout != kForever && plan_.mode == SocketMode::connecting) {
    deadline_ = saturating_add(self_.now(), options_.connect_timeout);
    start_limit(options_.connect_timeout);
  }
  if (plan_.is_unix()) {
    take_unix_addresses();
  } else {
    find_bind_address();
  }
}

void SocketFactory::State::take_unix_addresses() {
  for (auto [text, result] :
       {std::pair(&options_.bind_address, &bind_addresses_), std::pair(&options_.remote_address, &remotes_)}) {
    if (text->empty()) continue;
    auto address = unix_address(*text);
    if (!address) return fail(std::move(address.error()));
    result->push_back(*address);
  }
  proceed();
}

void SocketFactory::State::find_bind_address() {
  const bool unbound_client = plan_.mode == SocketMode::connecting && !wants_bind();
  if (unbound_client) return find_remote_address();
  look_up(plan_.bind_query(options_), &State::bind_addresses_, &State::find_remote_address);
}

void SocketFactory::State::find_remote_address() {
  if (plan_.mode != SocketMode::connecting) return proceed();
  look_up(plan_.remote_query(options_), &State::remotes_, &State::proceed);
}

void SocketFactory::State::look_up(const ResolveQuery& query, Addresses State::*result, Step next) {
  if (auto known = Resolver::at_once(query)) return looked_up(std::move(*known), result, next);
  if (!options_.resolver) options_.resolver = std::make_shared<Resolver>(1);
  look_up_ = options_.resolver->resolve(self_, query, [weak = weak_from_this(), result, next](ResolveAnswer answer) {
    const auto alive = weak.lock();
    if (alive && !alive->closed_) alive->looked_up(std::move(answer), result, next);
  });
}

void SocketFactory::State::looked_up(ResolveAnswer answer, Addresses State::*result, Step next) {
  if (!answer) return fail(std::move(answer.error()));
  this->*result = std::move(*answer);
  (this->*next)();
}

void SocketFactory::State::proceed() {
  if (plan_.mode == SocketMode::connecting) {
    connect_any();
  } else {
    bind_first();
  }
}

Result<SocketAddress> SocketFactory::State::local_address() const {
  if (race_) return race_->local_address();
  return acceptor_ ? acceptor_->local_address() : bound_address(socket_, "SocketFactory");
}

void SocketFactory::State::set_paused(bool paused) noexcept {
  paused_ = paused;
  if (!acceptor_) return;
  if (paused) {
    acceptor_->pause();
  } else {
    acceptor_->resume();
  }
}

void SocketFactory::State::drop_sockets() noexcept {
  limit_.cancel();
  if (race_) race_->close();
  socket_.reset();
}

void SocketFactory::State::close() noexcept {
  closed_ = true;
  slot_.reset();
  look_up_.cancel();
  if (acceptor_) acceptor_->close();
  drop_sockets();
}

void SocketFactory::State::start_limit(Duration limit) {
  limit_ = self_.after(limit, [weak = weak_from_this()] {
    const auto alive = weak.lock();
    if (alive && !alive->closed_) alive->timed_out();
  });
}

void SocketFactory::State::deliver(Fd socket, const SocketAddress& peer) {
  Accepted accepted(std::move(socket), peer, reinterpret_cast<std::uintptr_t>(this));
  if (slot_) return slot_->put(std::move(accepted));
  on_success_(std::move(accepted));
}

void SocketFactory::State::deliver_last(Fd socket, const SocketAddress& peer) {
  deliver(std::move(socket), peer);
  if (slot_)
    slot_->end(Error(Errc::closed, "wait for a socket from", "SocketFactory", "it has handed its socket over"));
}

void SocketFactory::State::tell_fault(const Error& error) {
  if (slot_) return slot_->fault(error);
  on_failure_(error);
}

// Always queued: the failure may have happened inside the constructor (P132).
void SocketFactory::State::fail(Error error) {
  look_up_.cancel();
  drop_sockets();
  later([error = std::move(error)](State& self) {
    if (self.slot_) return self.slot_->end(error);
    self.on_failure_(error);
  });
}

void SocketFactory::State::remember(Error error) { failures_.push_back(std::move(error)); }

void SocketFactory::State::fail_with_remembered() {
  Error last = std::move(failures_.back());
  failures_.pop_back();
  for (const Error& former : failures_) last.with("before that", former.message());
  failures_.clear();
  fail(std::move(last));
}

}  // namespace poe
