// SPDX-License-Identifier: MIT
#include "poe/components/tcp_server.hpp"
#include "tcp_server_shared.hpp"

namespace poe {

TcpConnection::TcpConnection(Birth birth, TcpSeed seed)
    : TcpStream(std::move(birth)), shared_(std::move(seed.shared_)), socket_(std::move(seed.socket_)) {
  set_peer(seed.peer_);
  ++shared_->connections;
}

TcpConnection::~TcpConnection() { --shared_->connections; }

SessionId TcpConnection::server() const noexcept { return shared_->server; }

const TcpStreamSettings& TcpConnection::settings() const noexcept { return shared_->options; }

void TcpConnection::begin() {
  TcpServerOptions& o = shared_->options;
  Fd socket = std::move(socket_);
  if (o.client_pre_connect) socket = o.client_pre_connect(*this, std::move(socket), peer());
  if (!socket) return;  // refused: nothing holds this session any more
  if (auto opened = open(std::move(socket), o); !opened) failed(opened.error());
}

void TcpConnection::opened() {
  if (shared_->options.client_connected) shared_->options.client_connected(*this);
}

void TcpConnection::input(std::string_view record) {
  if (shared_->options.client_input) shared_->options.client_input(*this, record);
}

void TcpConnection::failed(const Error& error) {
  TcpServerOptions& o = shared_->options;
  if (o.client_error) return o.client_error(*this, error);
  warn(o, "connection from " + peer().to_string(), error);
}

void TcpConnection::flushed() {
  if (shared_->options.client_flushed) shared_->options.client_flushed(*this);
}

void TcpConnection::high() {
  if (shared_->options.client_high) shared_->options.client_high(*this);
}

void TcpConnection::low() {
  if (shared_->options.client_low) shared_->options.client_low(*this);
}

void TcpConnection::disconnected() {
  if (shared_->options.client_disconnected) shared_->options.client_disconnected(*this);
}

}  // namespace poe
