// SPDX-License-Identifier: MIT
//
// The sending half of DatagramSocket: put() sends at once; what the system does not take waits, bounded.
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <set>
#include <utility>

#include "datagram_state.hpp"

namespace poe {
namespace {

/// Between two tries where no readiness tells: see waits_by_peer().
constexpr Duration kRetry = std::chrono::milliseconds(5);
/// Refusals of earlier datagrams taken in one put().
constexpr int kMostRefusals = 16;
/// Errors that wait to be told; further ones are not.
constexpr std::size_t kMostLate = 64;

bool is_full(std::int64_t result) { return result == -EAGAIN || result == -EWOULDBLOCK; }

/// What the network may have answered to an earlier datagram (ICMP, RFC 1122 4.1.3.3): the system tells it with the
/// next call, which then has done nothing.
bool may_be_a_refusal(std::int64_t result) {
  switch (-result) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENOPROTOOPT:
    case EPROTO:
    case EACCES:
      return true;
    default:
      return false;
  }
}

std::string send_advice(int number, std::size_t octets) {
  switch (number) {
    case EMSGSIZE:
      return "it has " + std::to_string(octets) + " octets, more than the way there takes: send less at once";
    case ECONNREFUSED:
    case ENOENT:
      return "nobody is there: start the server, or check address and path";
    case EHOSTUNREACH:
    case ENETUNREACH:
      return "the machine cannot be reached: check address, network and firewall";
    case EACCES:
    case EPERM:
      return "permission: for broadcast addresses set `broadcast`; check the firewall, or the mode of the socket's "
             "file";
    case EAFNOSUPPORT:
      return "the peer is of another family than the socket: IPv6 sockets write IPv4 peers as ::ffff:a.b.c.d";
    case ENOBUFS:
    case ENOMEM:
      return "the system is short of memory for sockets: send less, or later";
    default:
      return {};
  }
}

}  // namespace

Result<Sent> DatagramSocket::State::put(std::string_view bytes, const SocketAddress& peer) {
  if (!socket_) return failure(why_closed("send"));
  if (auto wrong = wrong_peer(peer)) return failure(std::move(*wrong));
  if (must_wait(peer)) return enqueue(bytes, peer);
  const std::int64_t result = send(bytes, peer);
  if (result >= 0) return Sent::sent;
  if (is_full(result)) return enqueue(bytes, peer);
  return failure(send_error(static_cast<int>(-result), bytes.size(), peer));
}

std::optional<Error> DatagramSocket::State::wrong_peer(const SocketAddress& peer) const {
  if (!peer) {
    return Error(Errc::invalid_argument, "send", own_name(), "there is no peer",
                 "name one, or connect the socket with `remote`");
  }
  if (!remote_ || peer == remote_) return std::nullopt;
  return Error(Errc::invalid_argument, "send", peer.to_string(),
               "this socket is connected to " + remote_.to_string() + " and sends to nobody else",
               "use one without `remote`");
}

bool DatagramSocket::State::waits_by_peer() const noexcept { return family_ == AF_UNIX && !remote_; }

/// So that the datagrams of one peer keep their order.
bool DatagramSocket::State::must_wait(const SocketAddress& peer) const {
  if (queue_.empty() || !waits_by_peer()) return !queue_.empty();
  for (const Waiting& one : queue_) {
    if (one.peer == peer) return true;
  }
  return false;
}

std::int64_t DatagramSocket::State::send_once(std::string_view bytes, const SocketAddress& peer) const {
  const poe_sys& system = socket_.system();
  const poe_iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  poe_message message{sizeof message, 0, nullptr, 0, 1, &part};
  if (!remote_) {
    message.address = const_cast<sockaddr*>(peer.data());
    message.address_size = peer.size();
  }
  for (;;) {
    const std::int64_t result = system.sendmsg(system.ctx, socket_.get(), &message);
    if (result != -EINTR) return result;
  }
}

/// As send_once(), and if that told of an earlier datagram instead, notes this and sends again. An error that stays the
/// same is this one's own.
std::int64_t DatagramSocket::State::send(std::string_view bytes, const SocketAddress& peer) {
  std::int64_t result = send_once(bytes, peer);
  if (family_ == AF_UNIX || (!remote_ && !peer_errors_)) return result;
  for (int i = 0; i < kMostRefusals && may_be_a_refusal(result); ++i) {
    const SocketAddress whose = refused_peer();
    if (!whose) return result;
    const std::int64_t again = send_once(bytes, peer);
    if (again == result && remote_) return result;
    const int number = static_cast<int>(-result);
    note_late(Error::from_errno(number, "send", whose.to_string(), send_advice(number, 0)));
    result = again;
  }
  return result;
}

Error DatagramSocket::State::send_error(int number, std::size_t octets, const SocketAddress& peer) const {
  return Error::from_errno(number, "send", peer.to_string(), send_advice(number, octets));
}

bool DatagramSocket::State::has_room(std::size_t octets) const noexcept {
  return queue_.size() < max_queued_ && octets <= max_octets_ && queued_octets_ <= max_octets_ - octets;
}

void DatagramSocket::State::drop_front() {
  queued_octets_ -= queue_.front().bytes.size();
  queue_.pop_front();
  ++dropped_;
}

void DatagramSocket::State::make_room(std::size_t octets) {
  if (octets > max_octets_ || max_queued_ == 0) return;  // nothing that can be dropped would help
  while (!has_room(octets)) drop_front();
}

Result<Sent> DatagramSocket::State::enqueue(std::string_view bytes, const SocketAddress& peer) {
  if (when_full_ == WhenFull::drop_oldest) make_room(bytes.size());
  if (!has_room(bytes.size())) {
    if (when_full_ != WhenFull::refuse) {
      ++dropped_;
      return Sent::dropped;
    }
    return failure(Errc::limit, "send", peer.to_string(),
                   std::to_string(queue_.size()) + " datagrams with " + std::to_string(queued_octets_) +
                       " octets wait already; the limits are " + std::to_string(max_queued_) + " and " +
                       std::to_string(max_octets_),
                   "wait for on_flushed, send less, choose another `when_full`, or raise max_queued");
  }
  queue_.emplace_back(bytes, peer);
  queued_octets_ += bytes.size();
  unflushed_ = true;
  wait_for_system();
  return Sent::queued;
}

void DatagramSocket::State::wait_for_system() {
  if (queue_.empty()) {
    retry_.cancel();
    if (std::exchange(writable_wanted_, false)) watch_.pause(POE_WRITE);
  } else if (!waits_by_peer() && !stalled_) {
    if (!std::exchange(writable_wanted_, true)) watch_.resume(POE_WRITE);
  } else if (!retry_) {
    if (std::exchange(writable_wanted_, false)) watch_.pause(POE_WRITE);
    retry_ = self_.after(kRetry, [weak = weak_from_this()] {
      const auto alive = weak.lock();
      if (alive && !alive->closed_) alive->send_waiting(false);
    });
  }
}

/// `ready`: the loop says that something can be sent. If that was not so (for a small datagram, perhaps), it would say
/// so for ever.
void DatagramSocket::State::send_waiting(bool ready) {
  retry_.cancel();
  const std::size_t before = queue_.size();
  send_pass();
  stalled_ = ready && queue_.size() == before;
  wait_for_system();
  if (queue_.empty()) {
    senders_.each([](DatagramsSent& waiter) { waiter.done(); });
  }
  report();
}

/// Each that waits, in order, up to per_turn: all to a peer that takes no more wait on.
void DatagramSocket::State::send_pass() {
  std::set<SocketAddress> full;
  std::uint32_t left = per_turn_;
  for (auto at = queue_.begin(); at != queue_.end() && left > 0;) {
    if (full.contains(at->peer)) {
      ++at;
      continue;
    }
    --left;
    const std::int64_t result = send(at->bytes, at->peer);
    if (is_full(result)) {
      if (!waits_by_peer()) return;
      full.insert(at->peer);
      ++at;
      continue;
    }
    if (result < 0) note_late(send_error(static_cast<int>(-result), at->bytes.size(), at->peer));
    queued_octets_ -= at->bytes.size();
    at = queue_.erase(at);
  }
}

// ---- what is told later, because no callback comes from inside put()

void DatagramSocket::State::note_late(Error error) {
  if (!on_error || late_.size() >= kMostLate) return;
  late_.push_back(std::move(error));
  report_later();
}

void DatagramSocket::State::report_later() {
  if (closed_ || std::exchange(reporting_, true)) return;
  self_.defer([weak = weak_from_this()] {
    const auto alive = weak.lock();
    if (!alive) return;
    alive->reporting_ = false;
    alive->report();
  });
}

void DatagramSocket::State::report() {
  const auto alive = shared_from_this();
  try {
    while (is_heard() && !late_.empty()) {
      const Error error = std::move(late_.front());
      late_.pop_front();
      on_error(error);
    }
    if (is_heard() && queue_.empty() && std::exchange(unflushed_, false)) on_flushed();
  } catch (...) {  // a callback: the others are told later
    if (!late_.empty() || unflushed_) report_later();
    throw;
  }
}

}  // namespace poe
