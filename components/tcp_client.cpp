// SPDX-License-Identifier: MIT
#include "poe/components/tcp_client.hpp"

#include <stdexcept>

#include "poe/kernel.hpp"

namespace poe {

TcpClient::TcpClient(Birth birth, TcpClientOptions options)
    : TcpStream(std::move(birth)), options_(std::move(options)) {
  if (!options_.server_input) throw std::invalid_argument("TcpClient: server_input is missing");
  if (options_.remote_address.empty()) options_.remote_address = "127.0.0.1";
  if (options_.retry) {
    // Two clients must not wait alike; on a simulated clock the same run must repeat.
    const auto time = static_cast<std::uint64_t>(now().time_since_epoch().count());
    backoff_.emplace(*options_.retry, time ^ (id().bits * 0x9E3779B97F4A7C15ULL));
  }
}

TcpClient::~TcpClient() = default;

void TcpClient::begin() {
  if (auto drain = on_signal("DRAIN", [this](const Signal&) { begin_nothing_new(); })) drain_ = std::move(*drain);
  if (!options_.alias.empty()) {
    if (auto taken = alias(options_.alias)) {
      alias_ = std::move(*taken);
    } else {
      warn(options_, "TCP client", taken.error());
    }
  }
  if (options_.started) options_.started(*this);
  if (!ended_) attempt();
}

void TcpClient::reconnect() {
  ended_ = true;  // what closes now is not lost
  close();
  ended_ = false;
  attempt();
}

void TcpClient::connect(std::string address, std::string port) {
  options_.remote_address = std::move(address);
  options_.remote_port = Port(std::move(port));
  reconnect();
}

void TcpClient::shutdown() {
  ended_ = true;
  retry_.cancel();
  connecting_ = SocketFactory();
  alias_.cancel();
  finish();
}

// What is open goes on, to its own end or the drain's limit.
void TcpClient::begin_nothing_new() {
  ended_ = true;
  retry_.cancel();
  connecting_ = SocketFactory();
  alias_.cancel();
}

void TcpClient::attempt() {
  retry_.cancel();
  if (kernel().draining()) return begin_nothing_new();
  SocketFactoryOptions wanted;
  wanted.domain = options_.domain;
  wanted.remote_address = options_.remote_address;
  wanted.remote_port = options_.remote_port;
  wanted.bind_address = options_.bind_address;
  wanted.bind_port = options_.bind_port;
  wanted.no_delay = options_.no_delay;
  wanted.connect_timeout = options_.connect_timeout;
  wanted.attempt_delay = options_.attempt_delay;
  wanted.resolver = options_.resolver;
  wanted.on_success = [this](Accepted accepted) { take(std::move(accepted)); };
  wanted.on_failure = [this](const Error& error) { fail(error); };
  connecting_ = SocketFactory(*this, std::move(wanted));
}

void TcpClient::take(Accepted accepted) {
  connecting_ = SocketFactory();
  set_peer(accepted.peer);
  Fd socket = std::move(accepted.socket);
  if (options_.pre_connect) socket = options_.pre_connect(*this, std::move(socket), peer());
  if (!socket || ended_) return;
  if (auto opened = open(std::move(socket), options_); !opened) fail(opened.error());
}

void TcpClient::ready() {
  connected_at_ = now();
  if (options_.connected) options_.connected(*this);
}

void TcpClient::fail(const Error& reported) {
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): the wheel that owns the reported one goes
  const Error error = reported;
  connecting_ = SocketFactory();
  retry_later();
  if (options_.connect_error) return options_.connect_error(*this, error);
  warn(options_, "TCP client", error);
}

void TcpClient::retry_later() {
  if (ended_ || !backoff_) return;
  retry_ = after(backoff_->next(), tcp::reconnect);
}

void TcpClient::failed(const Error& error) {
  if (!was_ready() && options_.connect_error) return options_.connect_error(*this, error);
  if (options_.server_error) return options_.server_error(*this, error);
  warn(options_, who(), error);
}

void TcpClient::closed() {
  if (backoff_ && was_ready() && now() - connected_at_ >= backoff_->longest()) backoff_->reset();
  retry_later();
  if (was_ready() && options_.disconnected) options_.disconnected(*this);
}

void TcpClient::flushed() {
  if (options_.server_flushed) options_.server_flushed(*this);
}

void TcpClient::high() {
  if (options_.server_high) options_.server_high(*this);
}

void TcpClient::low() {
  if (options_.server_low) options_.server_low(*this);
}

}  // namespace poe
