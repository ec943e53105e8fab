// SPDX-License-Identifier: MIT
//
// TcpServer: listens, and makes a session for each connection (POE::Component::Server::TCP); TCP or Unix domain.
//
//     poe::TcpServerOptions options;
//     options.port = 7000;
//     options.client_input = [](poe::TcpConnection& c, std::string_view line) { c.put(line); };
//     kernel.spawn<poe::TcpServer>(std::move(options));
//
// The callbacks live once, here, and are shared by all connections. All on the loop thread.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "poe/components/tcp_stream.hpp"
#include "poe/kernel.hpp"
#include "poe/wheels/socket_factory.hpp"

namespace poe {

class TcpServer;
class TcpConnection;
struct TcpServerShared;

/// What a server hands to the constructor of a connection.
class TcpSeed {
 public:
  TcpSeed(TcpSeed&&) noexcept = default;

 private:
  friend class TcpServer;
  friend class TcpConnection;
  TcpSeed(std::shared_ptr<TcpServerShared> shared, Fd socket, const SocketAddress& peer)
      : shared_(std::move(shared)), socket_(std::move(socket)), peer_(peer) {}
  std::shared_ptr<TcpServerShared> shared_;
  Fd socket_;
  SocketAddress peer_;
};

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
class TcpServerOptions : public TcpStreamSettings {
 public:
  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

  TcpServerOptions() = default;
  /// Host name, numeric address, or Unix path; empty: all interfaces.
  explicit TcpServerOptions(std::string where, Port its_port = {})
      : address(std::move(where)), port(std::move(its_port)) {}

  // ---- the listener
  SocketDomain domain = SocketDomain::any;
  /// Host name, numeric address, or Unix path; empty: all interfaces. POE's Address and Hostname.
  std::string address;
  /// Empty: any free one; ask local_address().
  Port port;
  int listen_queue = 0;  ///< 0: as many as the system allows
  /// See SocketFactoryOptions::share_port: servers of several kernels on one port.
  bool share_port = false;
  /// A name for the listener's session; given back at its shutdown (P162).
  std::string alias;
  /// Connections at a time; accepting rests at the limit, and goes on when one has ended (P161).
  std::size_t concurrency = kUnlimited;
  /// Once, when the session starts. Unless `address` is a name, it listens by then.
  Fn<void(TcpServer&)> started;
  /// When the listener's session ends.
  Fn<void(TcpServer&)> stopped;
  /// See SocketFactoryOptions::on_failure. Empty: warns, and stops listening unless the step was "accept".
  Fn<void(TcpServer&, const Error&)> error;
  /// Instead of client_input: takes each socket; no sessions are made then.
  Fn<void(TcpServer&, Accepted)> acceptor;

  // ---- each connection
  /// Required, unless there is an acceptor or a class of your own answers input().
  Fn<void(TcpConnection&, std::string_view record)> client_input;
  /// Before anything else: gives back the socket to use, or an empty one to refuse the connection.
  Fn<Fd(TcpConnection&, Fd, const SocketAddress& peer)> client_pre_connect;
  Fn<void(TcpConnection&)> client_connected;
  /// Before its wheel goes (P159). Not without client_connected: see TcpStreamSettings::tls.
  Fn<void(TcpConnection&)> client_disconnected;
  /// See ReadWriteOptions::on_error. Empty: warns, except at the end of the input and after a reset (P164). Afterwards
  /// the connection is shut down, see shutdown_on_error.
  Fn<void(TcpConnection&, const Error&)> client_error;
  Fn<void(TcpConnection&)> client_flushed;
  Fn<void(TcpConnection&)> client_high;
  Fn<void(TcpConnection&)> client_low;

  /// Sessions of class S instead of TcpConnection (POE's SessionType, InlineStates, ObjectStates): S derives from
  /// TcpConnection, has a constructor (Birth, TcpSeed, const A&...), begins its handlers() with
  /// TcpConnection::handlers(table), and may override what the client_... callbacks would do.
  template <class S, class... A>
  void connection(A... arguments) {
    make_connection = [arguments...](Kernel& kernel, TcpSeed seed) { kernel.spawn<S>(std::move(seed), arguments...); };
    own_class = true;
  }
  std::function<void(Kernel&, TcpSeed)> make_connection;
  bool own_class = false;
};

/// One connection of a server.
class POE_API TcpConnection : public TcpStream {
 public:
  TcpConnection(Birth birth, TcpSeed seed);
  ~TcpConnection() override;

  template <class S>
  static void handlers(Handlers<S>& table) {
    stream_handlers(table);
    table.on(start, &TcpConnection::begin);
  }

  /// The session that listens, or listened.
  SessionId server() const noexcept;

 protected:
  // Each does what its callback in TcpServerOptions says.
  void input(std::string_view record) override;
  void failed(const Error& error) override;
  void flushed() override;
  void high() override;
  void low() override;
  virtual void opened();
  virtual void disconnected();

 private:
  const TcpStreamSettings& settings() const noexcept final;
  void ready() final { opened(); }
  void closing() final { disconnected(); }
  void begin();

  std::shared_ptr<TcpServerShared> shared_;
  Fd socket_;  // until begin()
};

/// The listener. Its connections are its children: it ends, after shutdown, when the last of them has. The signal DRAIN
/// (Kernel::drain_then_stop()) is a shutdown.
class POE_API TcpServer : public Session {
 public:
  /// Throws std::invalid_argument for bugs in the caller: neither or both of acceptor and client_input, or callbacks
  /// for connections beside an acceptor.
  TcpServer(Birth birth, TcpServerOptions options);
  ~TcpServer() override;

  template <class S>
  static void handlers(Handlers<S>& table) {
    table.on(start, &TcpServer::begin).on(stop, &TcpServer::end).on(child, &TcpServer::family);
    table.on(tcp::shutdown, &TcpServer::shutdown).on(tcp::set_concurrency, &TcpServer::set_concurrency);
  }

  /// Where it listens. Error `closed`: not yet, or no longer.
  Result<SocketAddress> local_address() const { return listener_.local_address(); }
  std::size_t connections() const noexcept;
  bool listening() const noexcept { return static_cast<bool>(listener_); }
  std::any& heap() noexcept { return heap_; }

  /// Stops listening; connections go on (P162).
  void shutdown();
  void set_concurrency(std::size_t limit);

 private:
  void begin();
  void end();
  void family(const ChildChange& change);
  void take(Accepted accepted);
  void fail(const Error& error);
  void update();

  std::shared_ptr<TcpServerShared> shared_;
  SocketFactory listener_;
  Alias alias_;
  SignalWatch drain_;
  std::any heap_;
};

}  // namespace poe
