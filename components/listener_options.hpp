// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "poe/components/tcp_server.hpp"

namespace poe {

/// What a server that is a TcpServer tells it of its own options, `core->options`: where to listen, how many
/// connections, whom to tell. The calls keep the core.
template <class Server, class Core>
TcpServerOptions listener_options(const std::shared_ptr<Core>& core) {
  const auto& own = core->options;
  TcpServerOptions options(own.address, own.port);
  options.domain = own.domain;
  options.share_port = own.share_port;
  options.alias = own.alias;
  options.concurrency = own.max_connections;
  options.log = own.log;
  if (own.started) options.started = [core](TcpServer& s) { core->options.started(static_cast<Server&>(s)); };
  if (own.stopped) options.stopped = [core](TcpServer& s) { core->options.stopped(static_cast<Server&>(s)); };
  if (own.error) {
    options.error = [core](TcpServer& s, const Error& error) { core->options.error(static_cast<Server&>(s), error); };
  }
  return options;
}

}  // namespace poe
