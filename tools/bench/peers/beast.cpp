// SPDX-License-Identifier: MIT
//
// Boost.Beast on Boost.Asio, one thread: a flat buffer, a parser for each request, no timers. Its answer has the fields
// that ours has; the date is a constant.
#define BOOST_ASIO_NO_DEPRECATED 1
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <memory>
#include <string>

#include "../run.hpp"
#include "asio_server.hpp"
#include "peers.hpp"

namespace poe::bench {

namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::beast::error_code;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(tcp::socket socket) : socket_(std::move(socket)) {}
  void read() {
    request_ = {};
    http::async_read(socket_, buffer_, request_, [self = shared_from_this()](const error_code& error, std::size_t) {
      if (!error) self->answer();
    });
  }

 private:
  void answer() {
    response_ = {http::status::ok, request_.version()};
    response_.set(http::field::content_type, "text/plain; charset=utf-8");
    response_.set(http::field::date, "Thu, 01 Jan 1970 00:00:00 GMT");
    response_.keep_alive(request_.keep_alive());
    response_.body() = "Hello, world!";
    response_.prepare_payload();
    http::async_write(socket_, response_, [self = shared_from_this()](const error_code& error, std::size_t) {
      if (!error && self->response_.keep_alive()) self->read();
    });
  }
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

void beast_hello(Run& run) {
  boost::asio::io_context context(1);
  const AsioServer<Connection, tcp::acceptor> server(context, run.listener, run.size);
  context.run();
}

}  // namespace

Subject beast_subject() {
  Subject subject{"beast", std::to_string(BOOST_BEAST_VERSION), {}};
  subject.can(Kind::http, beast_hello);
  return subject;
}

}  // namespace poe::bench
