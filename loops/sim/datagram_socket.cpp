// SPDX-License-Identifier: MIT
#include "datagram_socket.hpp"

#include <algorithm>
#include <utility>

namespace poe::sim {

namespace {

constexpr size_t kMostUdp = 65'507;  // bytes a UDP datagram over IPv4 holds

}  // namespace

std::shared_ptr<DatagramSocket> DatagramSocket::self() {
  return std::static_pointer_cast<DatagramSocket>(shared_from_this());
}

void DatagramSocket::couple(DatagramSocket& one, DatagramSocket& other) {
  one.partner_ = other.self();
  other.partner_ = one.self();
  one.connected_ = other.connected_ = true;
  one.coupled_ = other.coupled_ = true;
}

std::shared_ptr<DatagramSocket> DatagramSocket::receiver(const Address& to) const {
  if (coupled_) return partner_.lock();
  return std::static_pointer_cast<DatagramSocket>(names_.find(SOCK_DGRAM, to));
}

uint32_t DatagramSocket::readiness() const {
  uint32_t now = 0;
  if (!queue_.empty() || error_ != 0 || read_shut_) now |= POE_READ;
  if (error_ != 0) now |= POE_ERROR;
  if (read_shut_ && write_shut_) now |= POE_HANGUP;
  const auto peer = domain() == AF_UNIX && connected_ ? receiver(peer_) : nullptr;
  if (!peer || peer->has_room(1)) now |= POE_WRITE;
  return now;
}

int DatagramSocket::connect(const void* address, uint32_t size) {
  Address target;
  if (const int error = parse(domain(), address, size, target); error != 0) return error;
  target = reachable(target);
  const bool is_unix = domain() == AF_UNIX;
  if (!is_unix && !target.is_loopback()) return -ENETUNREACH;
  if (is_unix && !receiver(target)) return target.host.starts_with('\0') ? -ECONNREFUSED : -ENOENT;
  if (const int error = is_unix ? 0 : ensure_bound(); error != 0) return error;
  peer_ = std::move(target);
  connected_ = true;
  return 0;
}

int DatagramSocket::shutdown(int how) {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
  if (!connected_) return -ENOTCONN;
  read_shut_ = read_shut_ || how != SHUT_WR;
  write_shut_ = write_shut_ || how != SHUT_RD;
  return 0;
}

int64_t DatagramSocket::receive_parts(const Parts& into, uint32_t flags, Arrival* ret) {
  if (queue_.empty()) {
    const int error = take_error();
    return error != 0 ? -error : (read_shut_ ? 0 : -EAGAIN);
  }
  const Datagram& first = queue_.front();
  const size_t count = std::min(first.bytes.size(), into.size());
  into.scatter(first.bytes.data(), count);
  if (ret != nullptr) *ret = {first.from, count < first.bytes.size()};
  if ((flags & MSG_PEEK) != 0) return static_cast<int64_t>(count);
  queued_ -= first.bytes.size();
  queue_.pop_front();
  return static_cast<int64_t>(count);
}

int64_t DatagramSocket::send_parts(const Parts& from, const Address* to) {
  if (write_shut_) return -EPIPE;
  if (const int error = take_error(); error != 0) return -error;
  if (to == nullptr && !connected_) return domain() == AF_UNIX ? -ENOTCONN : -EDESTADDRREQ;
  const bool is_unix = domain() == AF_UNIX;
  if (from.size() > (is_unix ? options_.send_buffer() : kMostUdp)) return -EMSGSIZE;
  const Address target = to == nullptr ? peer_ : reachable(*to);
  if (!is_unix && !target.is_loopback()) return -ENETUNREACH;
  if (const int error = is_unix ? 0 : ensure_bound(); error != 0) return error;
  Datagram datagram{is_unix ? local_ : reachable(local_), std::string(from.size(), '\0')};
  from.gather(datagram.bytes.data(), datagram.bytes.size());
  return is_unix ? send_at_once(target, std::move(datagram)) : send_delayed(target, std::move(datagram));
}

int64_t DatagramSocket::send_at_once(const Address& to, Datagram datagram) {
  const auto there = receiver(to);
  if (!there) return connected_ || to.host.starts_with('\0') ? -ECONNREFUSED : -ENOENT;
  if (!there->accepts(datagram.from)) return -EPERM;
  if (there->read_shut_) return -EPIPE;
  const auto size = static_cast<int64_t>(datagram.bytes.size());
  if (!there->has_room(datagram.bytes.size())) return -EAGAIN;
  there->keep(std::move(datagram));
  return size;
}

// What one socket sends arrives in the order sent, as over a real loopback; what several send may overtake.
int64_t DatagramSocket::send_delayed(const Address& to, Datagram datagram) {
  Timeline& time = environment_.time;
  const auto size = static_cast<int64_t>(datagram.bytes.size());
  last_arrival_ = std::max(last_arrival_, Timeline::later(time.now(), environment_.latency()));
  // The network carries on without the sender, but an answer finds it only if it is still there.
  time.plan(last_arrival_, [&names = names_, sender = std::weak_ptr(self()), to, datagram = std::move(datagram)] {
    const auto there = std::static_pointer_cast<DatagramSocket>(names.find(SOCK_DGRAM, to));
    if (there && there->accepts(datagram.from)) {
      if (there->has_room(datagram.bytes.size())) there->keep(datagram);
    } else if (const auto back = sender.lock(); back && back->connected_) {
      back->error_ = ECONNREFUSED;
    }
  });
  return size;
}

void DatagramSocket::keep(Datagram datagram) {
  queued_ += datagram.bytes.size();
  queue_.push_back(std::move(datagram));
}

}  // namespace poe::sim
