// SPDX-License-Identifier: MIT
//
// The receiving half of DatagramSocket: up to per_turn datagrams for each readiness, one system call each.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

#include "datagram_state.hpp"

namespace poe {
namespace {

/// Octets of the room on the stack: no idle wheel pays for it, every wheel uses the same warm memory.
constexpr std::size_t kOnStack = std::size_t{64} << 10;

/// How long receiving rests after an error of the system's own: the loop would report the same at once, for ever.
constexpr Duration kRest = std::chrono::milliseconds(100);

/// This socket will never receive anything.
bool is_the_end(int number) {
  return number == EBADF || number == ENOTSOCK || number == EINVAL || number == EOPNOTSUPP || number == EFAULT;
}

/// No error of a peer: the system is short of something. Others are forgotten by the system once they were told.
bool needs_rest(int number) { return number == ENOMEM || number == ENOBUFS || number == EIO; }

std::string receive_advice(int number) {
  switch (number) {
    case ECONNREFUSED:
      return "nobody is there: start the server, or check address and port";
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
      return "the machine cannot be reached: check address, network and firewall";
    case ENOMEM:
    case ENOBUFS:
      return "the system is short of memory for sockets; receiving goes on by itself";
    case EBADF:
    case ENOTSOCK:
      return "somebody closed this socket: make a new one";
    default:
      return {};
  }
}

}  // namespace

template <class F>
void DatagramSocket::State::with_room(F f) const {
  if (max_size_ > kOnStack) {
    const auto room = std::make_unique_for_overwrite<char[]>(max_size_);
    return f(std::span<char>(room.get(), max_size_));
  }
  std::array<char, kOnStack> room;  // not initialised
  f(std::span<char>(room).first(max_size_));
}

// Only ever resumes: without anybody to receive, the next readiness finds that out, and an await that follows another
// costs no change of the loop's interest.
void DatagramSocket::State::update() noexcept {
  if (wants() && !nested_) return watch_.resume(POE_READ);
  if (paused_ || resting_ || !on_datagram) watch_.pause(POE_READ);
}

void DatagramSocket::State::read_turn() {
  if (delivering_) {  // a nested timeslice: the outer one goes on when it is back
    nested_ = true;
    return watch_.pause(POE_READ);
  }
  left_ = per_turn_;
  if (!wants()) return watch_.pause(POE_READ);
  struct Level {
    State& state;
    ~Level() {
      state.delivering_ = false;
      if (std::exchange(state.nested_, false) && !state.closed_) state.update();
    }
  };
  const auto alive = shared_from_this();  // before the level, which is left first
  const Level level{*this};
  delivering_ = true;
  with_room([this](std::span<char> room) { read_batch(room); });
}

void DatagramSocket::State::read_batch(std::span<char> room) {
  while (left_ > 0 && is_heard() && wants()) {
    const Arrival arrival = take(room);
    if (!arrival) return;
    deliver(*arrival);
  }
}

DatagramSocket::State::Arrival DatagramSocket::State::take(std::span<char> room) {
  const poe_sys& system = socket_.system();
  const poe_iovec part{room.data(), room.size()};
  for (;;) {
    sockaddr_storage from{};
    poe_message message{sizeof message, 0, &from, sizeof from, 1, &part};
    const std::int64_t got = system.recvmsg(system.ctx, socket_.get(), &message);
    if (got == -EINTR) continue;
    if (got == -EAGAIN || got == -EWOULDBLOCK) {
      forget_refusals();
      return std::nullopt;
    }
    --left_;
    if (got < 0) return failure(receive_failed(static_cast<int>(-got)));
    return received(room, static_cast<std::size_t>(got), message);
  }
}

Result<DatagramSocket::State::Received> DatagramSocket::State::received(std::span<char> room, std::size_t size,
                                                                        const poe_message& message) const {
  SocketAddress peer = SocketAddress::from_raw(message.address, message.address_size);
  if (!peer) peer = remote_;
  if ((message.flags & static_cast<std::uint32_t>(MSG_TRUNC)) != 0) {
    return failure(Errc::limit, "receive", peer.to_string(),
                   "a datagram was longer than max_size, " + std::to_string(max_size_) + " octets, and was dropped",
                   "raise max_size, or have the peer send less at once");
  }
  return Received{{room.data(), std::min(size, room.size())}, peer};
}

Error DatagramSocket::State::receive_failed(int number) {
  const SocketAddress whose = refused_peer();
  Error error = Error::from_errno(number, "receive", whose ? whose.to_string() : own_name(), receive_advice(number));
  if (needs_rest(number)) rest();
  return error;
}

void DatagramSocket::State::deliver(const Result<Received>& arrival) {
  if (!arrival && is_the_end(arrival.error().number())) return end(arrival.error());
  if (reader_ != nullptr) {
    if (!arrival) return reader_->give(failure(arrival.error()));
    return reader_->give(Datagram(std::string(arrival->bytes), arrival->peer));
  }
  arrival ? on_datagram(arrival->bytes, arrival->peer) : on_error(arrival.error());
}

void DatagramSocket::State::rest() {
  resting_ = true;
  update();
  rest_ = self_.after(kRest, [weak = weak_from_this()] {
    const auto alive = weak.lock();
    if (!alive || alive->closed_) return;
    alive->resting_ = false;
    alive->update();
  });
}

/// Whom the error that was just told is about. Each has an entry in the socket's error queue, which names the peer its
/// datagram was for; without one, only a connected socket's peer can be meant.
SocketAddress DatagramSocket::State::refused_peer() {
  if (!peer_errors_) return remote_;
#ifdef MSG_ERRQUEUE
  sockaddr_storage to{};
  poe_message message{sizeof message, static_cast<std::uint32_t>(MSG_ERRQUEUE), &to, sizeof to, 0, nullptr};
  const poe_sys& system = socket_.system();
  if (system.recvmsg(system.ctx, socket_.get(), &message) >= 0) {
    return SocketAddress::from_raw(message.address, message.address_size);
  }
#endif
  return remote_;
}

/// What is left in the error queue has been told already, by the put() it was about; while it lies there, the loop
/// reports an error.
void DatagramSocket::State::forget_refusals() {
#ifdef MSG_ERRQUEUE
  if (!peer_errors_) return;
  for (std::uint32_t i = 0; i < per_turn_; ++i) {
    poe_message message{sizeof message, static_cast<std::uint32_t>(MSG_ERRQUEUE), nullptr, 0, 0, nullptr};
    const poe_sys& system = socket_.system();
    if (system.recvmsg(system.ctx, socket_.get(), &message) < 0) return;
  }
#endif
}

void DatagramSocket::State::pause() noexcept {
  paused_ = true;
  update();
}

void DatagramSocket::State::resume() noexcept {
  paused_ = false;
  update();
}

void DatagramSocket::State::take_datagrams(Fn<void(std::string_view, const SocketAddress&)> callback) {
  on_datagram.set(std::move(callback));
  if (reader_ != nullptr && on_datagram) {
    reader_->fail(Error(Errc::invalid_argument, "receive", "a DatagramSocket", "its datagrams go to on_datagram now",
                        "receive them in one place"));
  }
  update();
}

// ---- what co_await takes; here, because it needs the room

std::optional<Result<Datagram>> DatagramSocket::State::take_now() {
  if (paused_ || resting_ || left_ == 0) return std::nullopt;
  std::optional<Result<Datagram>> taken;
  with_room([&](std::span<char> room) {
    const Arrival arrival = take(room);
    if (!arrival) return;
    taken = *arrival ? Result<Datagram>(Datagram(std::string((*arrival)->bytes), (*arrival)->peer))
                     : Result<Datagram>(failure(arrival->error()));
  });
  if (taken && !*taken && is_the_end(taken->error().number())) end(taken->error(), false);
  return taken;
}

}  // namespace poe
