// SPDX-License-Identifier: MIT
//
// A client whose TLS the test turns by hand: it may break off as no real one does, and hears how the other side ends.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "certificates.hpp"
#include "poe/components/tcp_client.hpp"
#include "poe/filters/stream.hpp"
#include "tls_side.hpp"

namespace poe::test {

/// Outlives its session.
class BareClient {
 public:
  /// Options of the client that carries it.
  TcpClientOptions options(Port port) {
    TcpClientOptions options("127.0.0.1", std::move(port));
    options.filter = StreamFilter();
    options.connected = [this](TcpClient& c) {
      side.begin();
      pass_on(c);
    };
    options.server_input = [this](TcpClient& c, std::string_view octets) {
      side.hear(octets);
      if (side.layer->is_open() && !std::exchange(opened, true) && on_open) on_open();
      pass_on(c);
    };
    options.disconnected = [this](TcpClient&) { ended = true; };
    options.server_error = [](TcpClient&, const Error&) {};
    return options;
  }
  void say(TcpClient& c, std::string_view text) {
    side.say(text);
    pass_on(c);
  }
  bool heard(std::string_view text) const { return side.heard.find(text) != std::string::npos; }
  /// Whether the server has said that this was all.
  bool said_goodbye() const { return side.layer->input_ended(); }

  Side side{layer_of(client_context())};
  std::function<void()> on_open;  // what is said in it leaves with the end of the handshake
  bool opened = false;
  bool ended = false;

 private:
  void pass_on(TcpClient& c) {
    if (!side.said.empty()) static_cast<void>(c.put(std::exchange(side.said, {})));
  }
};

}  // namespace poe::test
