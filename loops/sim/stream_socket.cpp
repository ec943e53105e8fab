// SPDX-License-Identifier: MIT
#include "stream_socket.hpp"

#include <algorithm>
#include <utility>

namespace poe::sim {

std::shared_ptr<StreamSocket> StreamSocket::self() {
  return std::static_pointer_cast<StreamSocket>(shared_from_this());
}

std::shared_ptr<Channel> StreamSocket::make_channel() const {
  const Travel travel = domain() == AF_UNIX ? Travel::kAtOnce : Travel::kDelayed;
  return std::make_shared<Channel>(environment_, travel, options_.send_buffer());
}

void StreamSocket::establish(std::shared_ptr<Channel> inward, std::shared_ptr<Channel> outward) {
  inward_ = std::move(inward);
  outward_ = std::move(outward);
  state_ = State::kConnected;
}

void StreamSocket::couple(StreamSocket& one, StreamSocket& other) {
  auto there = one.make_channel();
  auto back = other.make_channel();
  one.establish(back, there);
  other.establish(std::move(there), std::move(back));
}

int StreamSocket::listen(int backlog) {
  constexpr int kMost = 4096;  // Linux's net.core.somaxconn
  if (state_ != State::kFresh && state_ != State::kListening) return -EINVAL;
  if (domain() == AF_UNIX && local_.host.empty()) return -EINVAL;
  if (const int error = ensure_bound(); error != 0) return error;
  if (names_.listened_to(*this)) return -EADDRINUSE;
  backlog_ = static_cast<size_t>(backlog < 0 ? kMost : std::min(backlog, kMost));
  state_ = State::kListening;
  return 0;
}

int StreamSocket::accept(std::shared_ptr<Socket>* ret) {
  if (state_ != State::kListening) return -EINVAL;
  if (waiting_.empty()) return -EAGAIN;
  *ret = std::move(waiting_.front());
  waiting_.pop_front();
  return 0;
}

int StreamSocket::set_option(int level, int name, const void* value, uint32_t size) {
  const int result = NamedSocket::set_option(level, name, value, size);
  if (outward_) outward_->set_capacity(options_.send_buffer());
  return result;
}

bool StreamSocket::error_waits() const {
  return error_ != 0 || (inward_ && inward_->reset_error() != 0 && !reset_told_);
}

int StreamSocket::take_error() {
  if (error_ != 0) return std::exchange(error_, 0);
  if (!error_waits()) return 0;
  reset_told_ = true;
  return inward_->reset_error();
}

uint32_t StreamSocket::readiness() const {
  switch (state_) {
    case State::kFresh:
      return POE_WRITE | POE_HANGUP;
    case State::kConnecting:
      return 0;
    case State::kListening:
      return waiting_.empty() ? 0U : POE_READ;
    case State::kConnected:
      return connected_readiness();
    case State::kFailed:
      break;
  }
  return POE_READ | POE_WRITE | POE_HANGUP | (error_ != 0 ? POE_ERROR : 0U);
}

uint32_t StreamSocket::connected_readiness() const {
  const bool broken = inward_->reset_error() != 0;
  const bool no_more_in = inward_->ended() || broken;
  const bool no_more_out = write_shut_ || outward_->reader_gone() || broken;
  uint32_t now = 0;
  if (inward_->available() > 0 || no_more_in || read_shut_) now |= POE_READ;
  if (no_more_out || outward_->roomy()) now |= POE_WRITE;
  if (no_more_in && no_more_out) now |= POE_HANGUP;
  if (error_waits()) now |= POE_ERROR;
  return now;
}

int64_t StreamSocket::receive_unconnected() {
  if (state_ == State::kConnecting) return -EAGAIN;
  const int error = take_error();
  return error != 0 ? -error : -ENOTCONN;
}

int64_t StreamSocket::receive_parts(const Parts& into, uint32_t flags, Arrival*) {
  if (state_ != State::kConnected) return receive_unconnected();
  const size_t possible = std::min(into.size(), inward_->available());
  if (possible > 0) {
    const bool peek = (flags & MSG_PEEK) != 0;
    return static_cast<int64_t>(inward_->take(into, environment_.shortened(possible), peek));
  }
  if (const int error = take_error(); error != 0) return -error;
  const bool over = inward_->ended() || inward_->reset_error() != 0 || read_shut_;
  return over || into.size() == 0 ? 0 : -EAGAIN;
}

int64_t StreamSocket::send_unconnected() {
  if (state_ == State::kConnecting) return -EAGAIN;
  if (const int error = take_error(); error != 0) return -error;
  return domain() == AF_UNIX ? -ENOTCONN : -EPIPE;
}

int64_t StreamSocket::send_parts(const Parts& from, const Address*) {
  if (state_ != State::kConnected) return send_unconnected();
  if (write_shut_ || outward_->reader_gone()) return -EPIPE;
  if (const int error = take_error(); error != 0) return -error;
  if (inward_->reset_error() != 0) return -EPIPE;
  const size_t size = from.size();
  const size_t possible = std::min(size, outward_->room());
  if (possible == 0) return size == 0 ? 0 : -EAGAIN;
  const size_t count = environment_.shortened(possible);
  outward_->send(from, count);
  return static_cast<int64_t>(count);
}

int StreamSocket::shutdown(int how) {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
  if (state_ != State::kConnected) return -ENOTCONN;
  if (how != SHUT_WR) {
    read_shut_ = true;
    if (domain() == AF_UNIX) inward_->refuse();  // over TCP the peer may go on sending
  }
  if (how != SHUT_RD) {
    write_shut_ = true;
    outward_->finish();
  }
  return 0;
}

// As Linux: whoever closes while bytes wait unread breaks the connection off, for those bytes are lost.
void StreamSocket::closing() {
  release_name();
  for (const auto& connection : waiting_) {
    connection->outward_->reset();
    connection->inward_->abandon();
  }
  waiting_.clear();
  if (state_ != State::kConnected) return;
  if (inward_->available() > 0 || options_.breaks_off())
    outward_->reset();
  else
    outward_->finish();
  inward_->abandon();
}

}  // namespace poe::sim
