// SPDX-License-Identifier: MIT
#include "poe/components/tcp_server.hpp"

#include <stdexcept>

#include "tcp_server_shared.hpp"

namespace poe {
namespace {

void check(const TcpServerOptions& o) {
  const bool connections = o.client_input || o.own_class;
  if (connections == static_cast<bool>(o.acceptor)) {
    throw std::invalid_argument("TcpServer: give either acceptor, or client_input (or a connection class)");
  }
  const bool extras = o.client_connected || o.client_disconnected || o.client_error || o.client_flushed ||
                      o.client_high || o.client_low || o.client_pre_connect;
  if (extras && !connections) {
    throw std::invalid_argument("TcpServer: client_... callbacks do nothing beside an acceptor");
  }
}

}  // namespace

TcpServer::TcpServer(Birth birth, TcpServerOptions options) : Session(std::move(birth)) {
  check(options);
  if (!options.make_connection) {
    options.make_connection = [](Kernel& kernel, TcpSeed seed) { kernel.spawn<TcpConnection>(std::move(seed)); };
  }
  if (!options.filter) options.filter = LineOptions();  // one for all: clones share its settings
  shared_ = std::make_shared<TcpServerShared>(std::move(options), id());
}

TcpServer::~TcpServer() = default;

std::size_t TcpServer::connections() const noexcept { return shared_->connections; }

void TcpServer::begin() {
  TcpServerOptions& o = shared_->options;
  if (auto drain = on_signal("DRAIN", [this](const Signal&) { shutdown(); })) drain_ = std::move(*drain);
  if (!o.alias.empty()) {
    if (auto taken = alias(o.alias)) {
      alias_ = std::move(*taken);
    } else {
      fail(taken.error());
    }
  }
  SocketFactoryOptions listener;
  listener.domain = o.domain;
  listener.bind_address = o.address;
  listener.bind_port = o.port;
  listener.reuse = true;
  listener.share_port = o.share_port;
  listener.no_delay = o.no_delay;
  if (o.listen_queue > 0) listener.listen_queue = o.listen_queue;
  listener.on_success = [this](Accepted accepted) { take(std::move(accepted)); };
  listener.on_failure = [this](const Error& error) { fail(error); };
  listener_ = SocketFactory(*this, std::move(listener));
  update();
  if (o.started) o.started(*this);
}

void TcpServer::end() {
  if (shared_->options.stopped) shared_->options.stopped(*this);
}

// A connection has ended, or something that one of them had started: look whether there is room again.
void TcpServer::family(const ChildChange& change) {
  if (change.reason == ChildChange::Reason::lose) update();
}

void TcpServer::take(Accepted accepted) {
  TcpServerOptions& o = shared_->options;
  if (o.acceptor) return o.acceptor(*this, std::move(accepted));
  o.make_connection(kernel(), TcpSeed(shared_, std::move(accepted.socket), accepted.peer));
  update();
}

void TcpServer::fail(const Error& error) {
  TcpServerOptions& o = shared_->options;
  if (o.error) return o.error(*this, error);
  TcpStreamSettings& settings = o;
  LogSink& log = settings.log != nullptr ? *settings.log : stderr_log();
  log.write(LogLevel::warning, "TCP server: " + error.message());
  if (error.operation() != "accept") shutdown();
}

void TcpServer::shutdown() {
  listener_ = SocketFactory();
  alias_.cancel();
}

void TcpServer::set_concurrency(std::size_t limit) {
  shared_->options.concurrency = limit;
  update();
}

void TcpServer::update() {
  if (!listener_) return;
  if (shared_->connections >= shared_->options.concurrency) return listener_.pause_accept();
  listener_.resume_accept();
}

}  // namespace poe
