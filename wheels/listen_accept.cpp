// SPDX-License-Identifier: MIT
#include "poe/wheels/listen_accept.hpp"

#include <stdexcept>
#include <utility>

#include "acceptor.hpp"
#include "socket_slot.hpp"

namespace poe {
namespace {

void require(bool given, const char* what) {
  if (!given) throw std::invalid_argument(std::string("ListenAccept: ") + what);
}

Result<void> begin(Acceptor& acceptor) {
  const Fd& listener = acceptor.listener();
  const poe_sys& system = listener.system();
  if (const int result = system.prepare(system.ctx, listener.get()); result < 0) {
    return system_failure(-result, "accept", "descriptor " + std::to_string(listener.get()),
                          "give ListenAccept an open socket of this kernel's system");
  }
  return acceptor.start();
}

}  // namespace

/// Its pinned part: with callbacks the acceptor calls them, without them there is a place for a Task.
class ListenAccept::State : public std::enable_shared_from_this<State> {
 public:
  void begin(Self& self, ListenAcceptOptions options);
  void close() noexcept {
    slot_.reset();
    acceptor_->close();
  }
  SocketSlot* slot() noexcept { return slot_ ? &*slot_ : nullptr; }
  Acceptor& acceptor() const noexcept { return *acceptor_; }

 private:
  void take_in_tasks(ListenAcceptOptions& options);

  std::optional<SocketSlot> slot_{};
  std::shared_ptr<Acceptor> acceptor_{};
};

void ListenAccept::State::begin(Self& self, ListenAcceptOptions options) {
  Fn<bool()> wanted;
  if (!options.on_accept) {
    take_in_tasks(options);
    wanted = [this] { return slot_->wanted(); };
  }
  acceptor_ = std::make_shared<Acceptor>(self, std::move(options.listener), std::move(options.on_accept),
                                         std::move(options.on_error), std::move(wanted));
  auto begun = poe::begin(*acceptor_);
  if (begun) return;
  self.defer([weak = weak_from_this(), error = std::move(begun.error())] {
    const auto alive = weak.lock();
    if (!alive) return;
    if (alive->slot_) return alive->slot_->end(error);
    alive->acceptor_->report(error);
  });
}

void ListenAccept::State::take_in_tasks(ListenAcceptOptions& options) {
  slot_.emplace("ListenAccept", [this] { acceptor_->ask(); });
  options.on_accept = [this](Fd socket, SocketAddress peer) {
    slot_->put(Accepted(std::move(socket), peer, reinterpret_cast<std::uintptr_t>(this)));
  };
  options.on_error = [this](const Error& error) { slot_->fault(error); };
}

ListenAccept::ListenAccept() noexcept = default;
ListenAccept::ListenAccept(ListenAccept&&) noexcept = default;

ListenAccept::ListenAccept(Self& self, ListenAcceptOptions options) {
  require(options.on_accept || !options.on_error, "on_accept is missing");
  require(static_cast<bool>(options.listener), "there is no socket");
  state_ = std::make_shared<State>();
  state_->begin(self, std::move(options));
}

ListenAccept& ListenAccept::operator=(ListenAccept&& other) noexcept {
  if (this != &other) {
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}

ListenAccept::~ListenAccept() {
  if (state_) state_->close();
}

void ListenAccept::pause_accept() noexcept {
  if (state_) state_->acceptor().pause();
}

void ListenAccept::resume_accept() noexcept {
  if (state_) state_->acceptor().resume();
}

Result<SocketAddress> ListenAccept::local_address() const {
  if (!state_) return failure(Errc::closed, "getsockname", "ListenAccept", "there is no wheel");
  return state_->acceptor().local_address();
}

SocketAwait ListenAccept::accept() { return SocketAwait(state_ ? state_->slot() : nullptr); }

void ListenAccept::on_accept(Fn<void(Fd, SocketAddress)> callback) {
  require(static_cast<bool>(callback), "on_accept cannot be empty");
  if (!state_) return;
  require(state_->slot() == nullptr, "it was made without callbacks");
  state_->acceptor().set_on_accept(std::move(callback));
}

void ListenAccept::on_error(Fn<void(const Error&)> callback) {
  if (!state_) return;
  require(state_->slot() == nullptr, "it was made without callbacks");
  state_->acceptor().set_on_error(std::move(callback));
}

}  // namespace poe
