// SPDX-License-Identifier: MIT
#include "poe/wheels/socket_factory.hpp"

#include <sys/socket.h>

#include <utility>

#include "socket_factory_state.hpp"

namespace poe {

SocketFactoryOptions::SocketFactoryOptions() : listen_queue(SOMAXCONN) {}
SocketFactoryOptions::SocketFactoryOptions(SocketFactoryOptions&&) noexcept = default;
SocketFactoryOptions& SocketFactoryOptions::operator=(SocketFactoryOptions&&) noexcept = default;
SocketFactoryOptions::~SocketFactoryOptions() = default;

SocketFactoryOptions SocketFactoryOptions::listen(std::string address, Port port) {
  SocketFactoryOptions options;
  options.bind_address = std::move(address);
  options.bind_port = std::move(port);
  return options;
}

SocketFactoryOptions SocketFactoryOptions::connect(std::string address, Port port) {
  SocketFactoryOptions options;
  options.remote_address = std::move(address);
  options.remote_port = std::move(port);
  return options;
}

SocketFactoryOptions SocketFactoryOptions::listen_local(std::string path) {
  SocketFactoryOptions options;
  options.domain = SocketDomain::local;
  options.bind_address = std::move(path);
  return options;
}

SocketFactoryOptions SocketFactoryOptions::connect_local(std::string path) {
  SocketFactoryOptions options;
  options.domain = SocketDomain::local;
  options.remote_address = std::move(path);
  return options;
}

SocketFactory::SocketFactory() noexcept = default;
SocketFactory::SocketFactory(SocketFactory&&) noexcept = default;

SocketFactory::SocketFactory(Self& self, SocketFactoryOptions options) {
  check_options(options);
  state_ = std::make_shared<State>(self, std::move(options));
  state_->begin();
}

SocketFactory& SocketFactory::operator=(SocketFactory&& other) noexcept {
  if (this != &other) {
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}

SocketFactory::~SocketFactory() {
  if (state_) state_->close();
}

Result<SocketAddress> SocketFactory::local_address() const {
  if (!state_) return failure(Errc::closed, "getsockname", "SocketFactory", "there is no wheel");
  return state_->local_address();
}

void SocketFactory::pause_accept() noexcept {
  if (state_) state_->set_paused(true);
}

void SocketFactory::resume_accept() noexcept {
  if (state_) state_->set_paused(false);
}

SocketAwait SocketFactory::accept() { return SocketAwait(state_ ? state_->slot() : nullptr); }
SocketAwait SocketFactory::connected() { return accept(); }

void SocketFactory::on_success(Fn<void(Accepted)> callback) {
  if (!callback) misuse("on_success cannot be empty");
  if (!state_) return;
  if (state_->slot() != nullptr) misuse("it was made without callbacks");
  state_->set_on_success(std::move(callback));
}

void SocketFactory::on_failure(Fn<void(const Error&)> callback) {
  if (!callback) misuse("on_failure cannot be empty");
  if (!state_) return;
  if (state_->slot() != nullptr) misuse("it was made without callbacks");
  state_->set_on_failure(std::move(callback));
}

}  // namespace poe
