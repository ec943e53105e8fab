// SPDX-License-Identifier: MIT
//
// A line server on Asio as an expert tunes it: no async_read_until, but a large buffer read as a whole, scanned by
// hand, and all answers of one read written at once.
#define ASIO_STANDALONE 1
#define ASIO_NO_DEPRECATED 1
#include <array>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#include <memory>
#include <string>

#include "../run.hpp"
#include "asio_server.hpp"
#include "line_scan.hpp"
#include "peers.hpp"

namespace poe::bench {

namespace {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(asio::ip::tcp::socket socket) : socket_(std::move(socket)) { answers_.reserve(buffer_.size()); }
  void read() {
    socket_.async_read_some(asio::buffer(buffer_),
                            [self = shared_from_this()](const asio::error_code& error, std::size_t count) {
                              if (!error) self->answer({self->buffer_.data(), count});
                            });
  }

 private:
  void answer(std::string_view bytes) {
    answers_.clear();
    lines_.take(bytes, answers_);
    asio::async_write(socket_, asio::buffer(answers_),
                      [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                        if (!error) self->read();
                      });
  }
  asio::ip::tcp::socket socket_;
  LineEcho lines_;
  std::string answers_;
  std::array<char, 65536> buffer_;
};

}  // namespace

void asio_lines(Run& run) {
  asio::io_context context(1);
  const AsioServer<Connection, asio::ip::tcp::acceptor> server(context, run.listener, run.size);
  context.run();
}

}  // namespace poe::bench
