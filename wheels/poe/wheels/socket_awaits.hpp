// SPDX-License-Identifier: MIT
//
// SocketFactory and ListenAccept for coroutines:
//
//     poe::SocketFactory server(self, poe::SocketFactoryOptions::listen("127.0.0.1", 7007));
//     while (auto client = co_await server.accept()) self.kernel().spawn(serve, std::move(client->socket));
//
//     poe::SocketFactory factory(self, poe::SocketFactoryOptions::connect("example.org", 7007));
//     auto connection = co_await factory.connected().within(5s);
#pragma once

#include <string>

#include "poe/coroutine.hpp"
#include "poe/wheels/listen_accept.hpp"
#include "poe/wheels/socket_factory.hpp"

namespace poe {

class SocketSlot;

/// See SocketFactory::accept(), SocketFactory::connected() and ListenAccept::accept().
class POE_API SocketAwait final : public AwaitOf<SocketAwait, Accepted> {
 private:
  friend class ListenAccept;
  friend class SocketFactory;
  friend class SocketSlot;
  explicit SocketAwait(SocketSlot* slot) noexcept : slot_(slot) {}
  bool begin() override;
  void end() noexcept override;
  std::string describe() const override;
  void give(Accepted socket) noexcept;

  SocketSlot* slot_;
};

}  // namespace poe
