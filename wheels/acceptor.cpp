// SPDX-License-Identifier: MIT
#include "acceptor.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace poe {
namespace {

constexpr const char* kGoesOn = "accepting goes on by itself";

std::string advice_for(int number) {
  switch (number) {
    case EMFILE:
      return std::string("this process has used up its descriptors: close some, or raise `ulimit -n`; ") + kGoesOn;
    case ENFILE:
      return std::string("the whole system has used up its descriptors: see fs.file-max; ") + kGoesOn;
    case ENOBUFS:
    case ENOMEM:
      return std::string("the system is short of memory for sockets; ") + kGoesOn;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
      return "this is not a listening socket, or somebody closed it: make a new one";
    default:
      return kGoesOn;
  }
}

}  // namespace

Acceptor::Acceptor(Self& self, Fd listener, OnAccept on_accept, OnError on_error, Fn<bool()> wanted)
    : self_(self),
      listener_(std::move(listener)),
      on_accept_(std::move(on_accept)),
      on_error_(std::move(on_error)),
      wanted_(std::move(wanted)) {}

Result<void> Acceptor::start() {
  auto watch = self_.watch(listener_.get(), POE_READ, [weak = weak_from_this()](std::uint32_t) {
    if (const auto alive = weak.lock()) alive->accept_batch();
  });
  if (!watch) return failure(watch.error());
  watch_ = std::move(*watch);
  update();
  return {};
}

void Acceptor::close() noexcept {
  watch_.cancel();
  rest_.cancel();
  listener_.reset();
}

void Acceptor::pause() noexcept {
  paused_ = true;
  update();
}

void Acceptor::resume() noexcept {
  paused_ = false;
  update();
}

void Acceptor::update() noexcept {
  if (paused_ || resting_) {
    watch_.pause(POE_READ);
  } else {
    watch_.resume(POE_READ);
  }
}

// Aborted connections are silent (P136), but a batch of nothing else earns a rest too, or the loop would spin.
void Acceptor::accept_batch() {
  int aborted = 0;
  asked_ = 0;
  for (int i = 0; i < kBatch; ++i) {
    if (wanted_ && !wanted_()) return watch_.pause(POE_READ);
    const Step step = accept_one();
    if (step == Step::over) return;
    if (step == Step::aborted) ++aborted;
  }
  if (aborted == kBatch) rest();
}

// Those that are gone again leave the others to the loop.
void Acceptor::ask() {
  if (paused_ || resting_ || !listener_) return;
  if (asked_++ < kBatch && accept_one() == Step::taken) return;
  update();
}

Acceptor::Step Acceptor::accept_one() {
  sockaddr_storage raw{};
  std::uint32_t size = sizeof raw;
  const poe_sys& system = listener_.system();
  const int got = system.accept(system.ctx, listener_.get(), &raw, &size);
  if (got >= 0) return deliver(got, SocketAddress::from_raw(&raw, size)) ? Step::taken : Step::over;
  if (got == -ECONNABORTED || got == -EINTR) return Step::aborted;
  if (got != -EAGAIN && got != -EWOULDBLOCK) failed(-got);
  return Step::over;
}

/// Whether to go on.
bool Acceptor::deliver(int fd, const SocketAddress& peer) {
  on_accept_(Fd(fd, &listener_.system()), peer);
  return listener_ && !paused_ && !self_.stop_requested();
}

void Acceptor::failed(int number) {
  rest();
  const TimePoint now = self_.now();
  if (reported_ && now - *reported_ < kReportInterval) return;
  reported_ = now;
  on_error_(Error::from_errno(number, "accept", where(), advice_for(number)));
}

void Acceptor::rest() {
  resting_ = true;
  update();
  rest_ = self_.after(kRest, [weak = weak_from_this()] {
    const auto alive = weak.lock();
    if (!alive) return;
    alive->resting_ = false;
    alive->update();
  });
}

std::string Acceptor::where() const {
  const auto address = local_address();
  return address ? address->to_string() : "descriptor " + std::to_string(listener_.get());
}

Result<SocketAddress> Acceptor::local_address() const { return bound_address(listener_, "listener"); }

Result<SocketAddress> bound_address(const Fd& socket, const std::string& subject) {
  if (!socket) return failure(Errc::closed, "getsockname", subject, "this wheel has no socket (any more)");
  sockaddr_storage raw{};
  std::uint32_t size = sizeof raw;
  const poe_sys& system = socket.system();
  const int result = system.getsockname(system.ctx, socket.get(), &raw, &size);
  if (result < 0) return system_failure(-result, "getsockname", subject);
  return SocketAddress::from_raw(&raw, size);
}

}  // namespace poe
