// SPDX-License-Identifier: MIT
//
// The listener of the servers on Asio. The file that includes it says which Asio, by ASIO_STANDALONE.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <memory>
#include <utility>

namespace poe::bench {

/// Takes so many connections and no more: each a shared Connection(socket), which is told to read().
template <class Connection>
class AsioServer {
 public:
  AsioServer(asio::io_context& context, int listener, unsigned expected)
      : acceptor_(context, asio::ip::tcp::v4(), listener), left_(expected) {
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const asio::error_code& error, asio::ip::tcp::socket socket) {
      if (error) return;
      std::make_shared<Connection>(std::move(socket))->read();
      if (--left_ != 0) {
        accept();
      } else {
        acceptor_.close();
      }
    });
  }
  asio::ip::tcp::acceptor acceptor_;
  unsigned left_;
};

}  // namespace poe::bench
