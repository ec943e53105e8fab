// SPDX-License-Identifier: MIT
//
// The handle of a DatagramSocket, and how its pinned part begins and ends.
#include "poe/wheels/datagram.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "acceptor.hpp"
#include "datagram_open.hpp"
#include "datagram_state.hpp"

namespace poe {

DatagramOptions::DatagramOptions() = default;
DatagramOptions::DatagramOptions(Fd existing) : socket(std::move(existing)) {}
DatagramOptions::DatagramOptions(DatagramOptions&&) noexcept = default;
DatagramOptions& DatagramOptions::operator=(DatagramOptions&&) noexcept = default;
DatagramOptions::~DatagramOptions() = default;

DatagramOptions DatagramOptions::bind(const SocketAddress& local) {
  DatagramOptions options;
  options.local = local;
  return options;
}

DatagramOptions DatagramOptions::connect(const SocketAddress& remote) {
  DatagramOptions options;
  options.remote = remote;
  return options;
}

DatagramSocket::DatagramSocket() noexcept = default;
DatagramSocket::DatagramSocket(DatagramSocket&& other) noexcept = default;

DatagramSocket::DatagramSocket(Self& self, DatagramOptions options) {
  if (!options.socket && !options.local && !options.remote) {
    throw std::invalid_argument("DatagramSocket: an address or a socket is needed");
  }
  state_ = std::make_shared<State>(self, options);
  state_->begin(options);
}

DatagramSocket& DatagramSocket::operator=(DatagramSocket&& other) noexcept {
  if (this != &other) {
    const auto former = std::exchange(state_, std::exchange(other.state_, nullptr));
    if (former) former->close();
  }
  return *this;
}

DatagramSocket::~DatagramSocket() {
  if (const auto state = std::exchange(state_, nullptr)) state->close();
}

int DatagramSocket::fd() const noexcept { return state_ ? state_->socket().get() : -1; }

Result<SocketAddress> DatagramSocket::local_address() const {
  if (!state_) return failure(no_datagram_socket("getsockname"));
  return bound_address(state_->socket(), "a DatagramSocket");
}

SocketAddress DatagramSocket::remote_address() const { return state_->remote(); }

Result<Sent> DatagramSocket::put(std::string_view datagram, const SocketAddress& peer) {
  if (!state_) return failure(no_datagram_socket("send"));
  return state_->put(datagram, peer);
}

Result<Sent> DatagramSocket::put(std::string_view datagram) {
  if (!state_) return failure(no_datagram_socket("send"));
  return state_->put(datagram, state_->remote());
}

std::size_t DatagramSocket::queued() const noexcept { return state_->queued(); }
std::size_t DatagramSocket::queued_octets() const noexcept { return state_->queued_octets(); }
std::uint64_t DatagramSocket::dropped() const noexcept { return state_->dropped(); }
void DatagramSocket::pause() noexcept { state_->pause(); }
void DatagramSocket::resume() noexcept { state_->resume(); }

void DatagramSocket::on_datagram(Fn<void(std::string_view, const SocketAddress&)> callback) {
  state_->take_datagrams(std::move(callback));
}
void DatagramSocket::on_error(Fn<void(const Error&)> callback) { state_->on_error.set(std::move(callback)); }
void DatagramSocket::on_flushed(Fn<void()> callback) { state_->on_flushed.set(std::move(callback)); }

// ---- the pinned part

DatagramSocket::State::State(Self& self, DatagramOptions& options)
    : on_datagram(std::move(options.on_datagram)),
      on_error(std::move(options.on_error)),
      on_flushed(std::move(options.on_flushed)),
      self_(self),
      max_size_(std::max<std::size_t>(options.max_size, 1)),
      max_queued_(options.max_queued),
      max_octets_(options.max_queued_octets),
      per_turn_(std::max<std::uint32_t>(options.per_turn, 1)),
      left_(per_turn_),
      when_full_(options.when_full),
      peer_errors_(options.peer_errors && !options.socket) {}

void DatagramSocket::State::begin(DatagramOptions& options) {
  auto socket = open_datagram_socket(self_.system(), options);
  if (!socket) return end(std::move(socket.error()));
  socket_ = std::move(*socket);
  remote_ = connected_to(socket_);
  if (const auto local = bound_address(socket_, "a DatagramSocket")) family_ = local->family();
  auto watch = self_.watch(socket_.get(), POE_READ | POE_WRITE, [weak = weak_from_this()](std::uint32_t ready) {
    if (const auto alive = weak.lock()) alive->on_ready(ready);
  });
  if (!watch) {
    const Error& why = watch.error();
    return end(Error(why.code(), "watch", own_name(), why.reason(), why.advice()));
  }
  watch_ = std::move(*watch);
  watch_.pause(POE_WRITE);
  update();
}

void DatagramSocket::State::close() {
  const auto alive = shared_from_this();
  closed_ = true;
  const Error error(Errc::closed, "wait for", "a DatagramSocket", "the wheel is gone");
  if (reader_ != nullptr) reader_->fail(error);
  senders_.fail_all(error);
  watch_.cancel();
  rest_.cancel();
  retry_.cancel();
  socket_.reset();
  queue_.clear();
  queued_octets_ = 0;
}

void DatagramSocket::State::end(Error error, bool tell) {
  dead_ = error;
  watch_.cancel();
  rest_.cancel();
  retry_.cancel();
  socket_.reset();
  queue_.clear();
  queued_octets_ = 0;
  unflushed_ = false;
  senders_.fail_all(error);
  if (reader_ != nullptr) return reader_->fail(std::move(error));
  if (tell) note_late(std::move(error));
}

void DatagramSocket::State::on_ready(std::uint32_t ready) {
  if (closed_) return;
  if (writable_wanted_ && (ready & (POE_WRITE | POE_ERROR | POE_HANGUP)) != 0) {
    send_waiting((ready & POE_WRITE) != 0);
    if (!is_heard() || !socket_) return;
  }
  if ((ready & ~std::uint32_t{POE_WRITE}) != 0) read_turn();
}

std::string DatagramSocket::State::own_name() const {
  const auto local = bound_address(socket_, "a DatagramSocket");
  return local ? local->to_string() : "descriptor " + std::to_string(socket_.get());
}

Error DatagramSocket::State::why_closed(const char* operation) const {
  return {Errc::closed, operation, "a DatagramSocket",
          dead_ ? "it has ended: " + dead_->message() : "it has no socket"};
}

}  // namespace poe
