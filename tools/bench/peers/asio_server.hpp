// SPDX-License-Identifier: MIT
//
// The listener of the servers on Asio, alone or Boost's.
#pragma once

#include <memory>
#include <utility>

namespace poe::bench {

/// Takes so many connections and no more: each a shared Connection(socket), which is told to read().
/// @tparam Acceptor  ip::tcp::acceptor of either
template <class Connection, class Acceptor>
class AsioServer {
 public:
  AsioServer(auto& context, int listener, unsigned expected)
      : acceptor_(context, Acceptor::protocol_type::v4(), listener), left_(expected) {
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const auto& error, auto socket) {
      if (error) return;
      std::make_shared<Connection>(std::move(socket))->read();
      if (--left_ != 0) {
        accept();
      } else {
        acceptor_.close();
      }
    });
  }
  Acceptor acceptor_;
  unsigned left_;
};

}  // namespace poe::bench
