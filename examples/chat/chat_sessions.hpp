// SPDX-License-Identifier: MIT
// The chat, wherever it runs: a server with a session for each client, and a client with a face to show things on.
// The console program and both windows are made of these.
#pragma once

#include <string>

#include "poe/components/tcp_client.hpp"
#include "poe/components/tcp_server.hpp"
#include "poe/open.hpp"

namespace chat {

inline constexpr poe::Event<std::string> typed{"typed"};  ///< to a client: its user's line

/// Where a client shows things. Called on the kernel's thread.
struct Face {
  poe::Fn<void(std::string)> line;                    ///< what was said
  poe::Fn<void(std::string, bool connected)> status;  ///< how the connection is
};

/// A server on this machine's loopback address, for kernel.spawn<poe::TcpServer>(); nicknames are aliases.
poe::TcpServerOptions server_options(const std::string& port);
/// Starts that server. Its port ("0" means any free one), or why it cannot listen.
poe::Result<std::string> serve(poe::Kernel& kernel, const std::string& port);

/// A client's session: gets `typed`, and tcp::shutdown when it shall leave. It ends with the connection.
poe::SessionId join(poe::Kernel& kernel, const std::string& host, const std::string& port, std::string nick, Face face);

}  // namespace chat
