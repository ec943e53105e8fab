// SPDX-License-Identifier: MIT
#pragma once

#include "poe/components/tcp_server.hpp"

namespace poe {

/// What a server and its connections share. Why shared_ptr: connections may outlive the listener's session.
struct TcpServerShared {
  TcpServerShared(TcpServerOptions given, SessionId owner) : options(std::move(given)), server(owner) {}

  TcpServerOptions options;
  SessionId server;
  std::size_t connections = 0;  // sessions, refused ones included until they have ended (P161)
};

}  // namespace poe
