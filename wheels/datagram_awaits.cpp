// SPDX-License-Identifier: MIT
//
// The wheel's side of co_await: one Task that waits for a datagram, any number that wait for the queue to empty.
#include "poe/wheels/datagram_awaits.hpp"

#include <utility>

#include "datagram_state.hpp"

namespace poe {

DatagramAwait DatagramSocket::receive() { return DatagramAwait(state_.get()); }
DatagramsSent DatagramSocket::flushed() { return DatagramsSent(state_.get()); }

// ---- a datagram

bool DatagramAwait::begin() {
  if (wheel_ == nullptr) return refuse(no_datagram_socket("receive"));
  if (auto reason = wheel_->why_no_receive()) return refuse(std::move(*reason));
  if (auto ready = wheel_->take_now()) {
    if (!*ready) return refuse(ready->error());
    value_ = std::move(**ready);
    return ended(Ending::done);
  }
  pend();
  wheel_->await_datagram(*this);
  return true;
}

void DatagramAwait::end() noexcept { wheel_->forget_reader(); }
std::string DatagramAwait::describe() const { return "a datagram from a DatagramSocket"; }

void DatagramAwait::give(Result<Datagram> datagram) noexcept {
  if (!datagram) return fail(std::move(datagram.error()));
  value_ = std::move(*datagram);
  finish(Ending::done);
}

std::optional<Error> DatagramSocket::State::why_no_receive() const {
  const auto refused = [](const char* why, const char* advice) {
    return Error(Errc::invalid_argument, "receive", "a DatagramSocket", why, advice);
  };
  if (dead_) return dead_;
  if (on_datagram) return refused("its datagrams go to on_datagram", "make it without to receive in a coroutine");
  if (reader_ != nullptr) {
    return refused("another receive() waits already", "receive in one Task, and share what it gets");
  }
  return std::nullopt;
}

void DatagramSocket::State::await_datagram(DatagramAwait& reader) {
  reader_ = &reader;
  update();
}

// ---- the queue

bool DatagramsSent::begin() {
  if (wheel_ == nullptr) return refuse(no_datagram_socket("send"));
  if (const auto& reason = wheel_->why_no_output()) return refuse(*reason);
  if (wheel_->queued() == 0) return ended(Ending::done);
  pend();
  wheel_->await_sent(*this);
  return true;
}

void DatagramsSent::end() noexcept { wheel_->forget_sent(*this); }
void DatagramsSent::done() noexcept { finish(Ending::done); }
std::string DatagramsSent::describe() const { return "a DatagramSocket to have sent all"; }

}  // namespace poe
