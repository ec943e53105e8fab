// SPDX-License-Identifier: MIT
#include "poe/wheels/listen_accept.hpp"

#include <stdexcept>
#include <utility>

#include "acceptor.hpp"

namespace poe {
namespace {

Result<void> begin(Acceptor& acceptor) {
  const Fd& listener = acceptor.listener();
  const poe_sys& system = listener.system();
  if (const int result = system.prepare(system.ctx, listener.get()); result < 0) {
    return system_failure(-result, "accept", "descriptor " + std::to_string(listener.get()),
                          "give ListenAccept an open socket of this kernel's system");
  }
  return acceptor.start();
}

void require(bool given, const char* what) {
  if (!given) throw std::invalid_argument(std::string("ListenAccept: ") + what);
}

}  // namespace

ListenAccept::ListenAccept(Self& self, ListenAcceptOptions options) {
  require(static_cast<bool>(options.on_accept), "on_accept is missing");
  require(static_cast<bool>(options.listener), "there is no socket");
  acceptor_ = std::make_shared<Acceptor>(self, std::move(options.listener), std::move(options.on_accept),
                                         std::move(options.on_error));
  auto begun = begin(*acceptor_);
  if (begun) return;
  self.defer([weak = std::weak_ptr(acceptor_), error = std::move(begun.error())] {
    if (const auto alive = weak.lock()) alive->report(error);
  });
}

ListenAccept& ListenAccept::operator=(ListenAccept&& other) noexcept {
  if (this != &other) {
    if (acceptor_) acceptor_->close();
    acceptor_ = std::move(other.acceptor_);
  }
  return *this;
}

ListenAccept::~ListenAccept() {
  if (acceptor_) acceptor_->close();
}

void ListenAccept::pause_accept() noexcept {
  if (acceptor_) acceptor_->pause();
}

void ListenAccept::resume_accept() noexcept {
  if (acceptor_) acceptor_->resume();
}

Result<SocketAddress> ListenAccept::local_address() const {
  if (!acceptor_) return failure(Errc::closed, "getsockname", "ListenAccept", "there is no wheel");
  return acceptor_->local_address();
}

void ListenAccept::on_accept(Fn<void(Fd, SocketAddress)> callback) {
  require(static_cast<bool>(callback), "on_accept cannot be empty");
  if (acceptor_) acceptor_->set_on_accept(std::move(callback));
}

void ListenAccept::on_error(Fn<void(const Error&)> callback) {
  if (acceptor_) acceptor_->set_on_error(std::move(callback));
}

}  // namespace poe
