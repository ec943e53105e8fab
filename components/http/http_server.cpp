// SPDX-License-Identifier: MIT
#include "poe/components/http_server.hpp"

#include "http_connection.hpp"
#include "http_input.hpp"
#include "http_server_core.hpp"
#include "listener_options.hpp"

namespace poe {
namespace {

TcpServerOptions tcp_options(const std::shared_ptr<HttpServerCore>& core) {
  HttpServerOptions& own = core->options;
  TcpServerOptions options = listener_options<HttpServer>(core);
  options.high_water = own.high_water;
  options.low_water = own.low_water;
  options.output_limit = own.output_limit;
  options.shutdown_limit = own.write_time;
  options.filter = HttpInput(own.limits);
  options.tls = own.tls;
  options.connection<HttpConnection>(core);
  return options;
}

}  // namespace

HttpServer::HttpServer(Birth birth, HttpServerOptions options)
    : HttpServer(std::move(birth), std::make_shared<HttpServerCore>(std::move(options))) {}

HttpServer::HttpServer(Birth birth, std::shared_ptr<HttpServerCore> core)
    : TcpServer(std::move(birth), tcp_options(core)), core_(std::move(core)) {}

HttpServer::~HttpServer() = default;

// The connections are its children: the signal reaches them as well.
void HttpServer::drain() {
  core_->draining = true;  // for those whose handshake is not done yet
  shutdown();
  static_cast<void>(kernel().signal(id(), "DRAIN"));
}

}  // namespace poe
