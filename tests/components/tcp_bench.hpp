// SPDX-License-Identifier: MIT
//
// A server and clients on one kernel, driven by hand; everything they say goes into one log.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "poe/components/tcp_client.hpp"
#include "poe/components/tcp_server.hpp"
#include "socket_factory_lab.hpp"

namespace poe::test {

using Log = std::vector<std::string>;

class TcpTest : public OnEveryLoop {
 protected:
  TcpTest() : kernel(std::make_unique<OneLoop>(loop_plugin(GetParam())), quiet()) {}

  static KernelOptions quiet() {
    KernelOptions options;
    options.os_signals = false;
    return options;
  }
  /// Runs until nothing has happened for a few milliseconds.
  void settle() {
    for (int quiet = 0; quiet < 4; ++quiet) {
      const auto before = kernel.counts();
      ASSERT_TRUE(kernel.run_one_timeslice(1ms));
      if (kernel.counts().events != before.events || kernel.counts().reports != before.reports) quiet = -1;
    }
  }
  /// Runs until `done`; ctest ends one that never is.
  template <class P>
  void until(P done) {
    ASSERT_TRUE(kernel.run_while([&] { return !done(); }));
  }
  bool said(const std::string& what) const { return std::find(log.begin(), log.end(), what) != log.end(); }
  auto count(const std::string& what) const { return std::count(log.begin(), log.end(), what); }
  void note(std::string what) { log.push_back(std::move(what)); }

  /// An echo server that logs.
  TcpServerOptions logging_server() {
    TcpServerOptions options("127.0.0.1", 0);
    options.started = [this](TcpServer& server) {
      if (auto address = server.local_address()) port = address->port();
    };
    options.stopped = [this](TcpServer&) { note("S stopped"); };
    options.error = [this](TcpServer&, const Error& error) { note("S error " + error.operation()); };
    options.client_connected = [this](TcpConnection&) { note("S connected"); };
    options.client_disconnected = [this](TcpConnection& c) {
      note(std::string("S disconnected, wheel ") + (c.connected() ? "alive" : "gone"));
    };
    options.client_input = [this](TcpConnection& c, std::string_view line) {
      note("S input " + std::string(line));
      c.put("echo " + std::string(line));
    };
    options.client_error = [this](TcpConnection&, const Error& error) {
      note("S client error " + std::string(to_string(error.code())));
    };
    return options;
  }
  TcpClientOptions logging_client(Port to) {
    TcpClientOptions options("127.0.0.1", std::move(to));
    options.connected = [this](TcpClient&) { note("C connected"); };
    options.connect_error = [this](TcpClient&, const Error& error) {
      note("C connect error " + error.operation() + " " + std::to_string(error.number()));
    };
    options.disconnected = [this](TcpClient& c) {
      note(std::string("C disconnected, wheel ") + (c.connected() ? "alive" : "gone"));
    };
    options.server_input = [this](TcpClient&, std::string_view line) { note("C input " + std::string(line)); };
    options.server_error = [this](TcpClient&, const Error& error) {
      note("C error " + std::string(to_string(error.code())));
    };
    return options;
  }
  SessionId serve(TcpServerOptions options) {
    const SessionId id = kernel.spawn<TcpServer>(std::move(options));
    until([this] { return port != 0; });
    return id;
  }
  SessionId connect(TcpClientOptions options) { return kernel.spawn<TcpClient>(std::move(options)); }
  template <class F>
  void with_client(SessionId id, F f) {
    const auto done = kernel.with<TcpClient>(id, f);
    ASSERT_TRUE(done) << done.error().report();
  }
  template <class F>
  void with_server(SessionId id, F f) {
    const auto done = kernel.with<TcpServer>(id, f);
    ASSERT_TRUE(done) << done.error().report();
  }

  Log log;
  std::uint16_t port = 0;
  Kernel kernel;
};

}  // namespace poe::test
