// SPDX-License-Identifier: MIT
#include "poe/components/http_server.hpp"

#include "http_connection.hpp"
#include "http_input.hpp"
#include "http_server_core.hpp"

namespace poe {
namespace {

TcpServerOptions tcp_options(const std::shared_ptr<HttpServerCore>& core) {
  HttpServerOptions& own = core->options;
  TcpServerOptions options(own.address, own.port);
  options.domain = own.domain;
  options.share_port = own.share_port;
  options.alias = own.alias;
  options.concurrency = own.max_connections;
  options.high_water = own.high_water;
  options.low_water = own.low_water;
  options.output_limit = own.output_limit;
  options.shutdown_limit = own.write_time;
  options.log = own.log;
  options.filter = HttpInput(own.limits);
  options.tls = own.tls;
  const auto as_http = [](TcpServer& server) -> HttpServer& { return static_cast<HttpServer&>(server); };
  if (own.started) options.started = [core, as_http](TcpServer& s) { core->options.started(as_http(s)); };
  if (own.stopped) options.stopped = [core, as_http](TcpServer& s) { core->options.stopped(as_http(s)); };
  if (own.error) {
    options.error = [core, as_http](TcpServer& s, const Error& error) { core->options.error(as_http(s), error); };
  }
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
