// SPDX-License-Identifier: MIT
//
// TcpClient: a session that connects, and stays connected if asked to (POE::Component::Client::TCP); TCP or Unix
// domain.
//
//     poe::TcpClientOptions options("example.org", 7000);
//     options.server_input = [](poe::TcpClient& c, std::string_view line) { c.put(line); };
//     options.retry = poe::BackoffOptions();
//     kernel.spawn<poe::TcpClient>(std::move(options));
//
// All on the loop thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "poe/components/backoff.hpp"
#include "poe/components/tcp_stream.hpp"
#include "poe/wheels/socket_factory.hpp"

namespace poe {

class TcpClient;

namespace tcp {
inline constexpr Event<std::string, std::string> connect{"connect"};  ///< client: address and port from now on
}  // namespace tcp

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
class TcpClientOptions : public TcpStreamSettings {
 public:
  /// Host name, numeric address, or Unix path; empty: this machine, 127.0.0.1.
  explicit TcpClientOptions(std::string address, Port port = {})
      : remote_address(std::move(address)), remote_port(std::move(port)) {}

  SocketDomain domain = SocketDomain::any;
  std::string remote_address;
  Port remote_port;  ///< compulsory but for the Unix domain
  std::string bind_address;
  Port bind_port;
  /// A name for the session, given back at shutdown. It keeps the session between connections.
  std::string alias;
  /// Look-up included; reported as operation "connect" with ETIMEDOUT (P163). POE: none.
  Duration connect_timeout = std::chrono::seconds(30);
  /// Between attempts at several addresses of one name, see SocketFactoryOptions.
  Duration attempt_delay = std::chrono::milliseconds(250);
  /// Who looks the name up: share one among many clients. nullptr: getaddrinfo() on a thread of its own.
  std::shared_ptr<Resolver> resolver;
  /// Connect again by itself after a failure to connect or a lost connection, until shutdown(). The wait starts over
  /// once a connection has lasted as long as the wait before it. Without it: only when asked to, tcp::reconnect.
  std::optional<BackoffOptions> retry;

  /// Once, when the session starts, before it connects.
  Fn<void(TcpClient&)> started;
  /// Gives back the socket to use, or an empty one to give up silently.
  Fn<Fd(TcpClient&, Fd, const SocketAddress& peer)> pre_connect;
  Fn<void(TcpClient&)> connected;
  /// See SocketFactoryOptions::on_failure; with TLS also what is wrong with the handshake. Empty: warns. A good place
  /// to post tcp::reconnect, after a while.
  Fn<void(TcpClient&, const Error&)> connect_error;
  /// After the wheel has gone (P159). Also a good place.
  Fn<void(TcpClient&)> disconnected;
  /// Required.
  Fn<void(TcpClient&, std::string_view record)> server_input;
  /// See ReadWriteOptions::on_error. Empty: warns, except at the end of the input and after a reset (P164). Afterwards
  /// the connection is shut down, see shutdown_on_error.
  Fn<void(TcpClient&, const Error&)> server_error;
  Fn<void(TcpClient&)> server_flushed;
  Fn<void(TcpClient&)> server_high;
  Fn<void(TcpClient&)> server_low;
};

/// With the signal DRAIN (Kernel::drain_then_stop()) it does not connect any more; a connection that is open goes on.
class POE_API TcpClient : public TcpStream {
 public:
  /// Throws std::invalid_argument if server_input is missing: a bug in the caller.
  TcpClient(Birth birth, TcpClientOptions options);
  ~TcpClient() override;

  template <class S>
  static void handlers(Handlers<S>& table) {
    stream_handlers(table);
    table.on(start, &TcpClient::begin).on(tcp::reconnect, &TcpClient::reconnect).on(tcp::connect, &TcpClient::connect);
  }

  /// Closes the connection once everything that was put is out, gives the alias back, and does not connect again.
  void shutdown() override;
  /// Drops what connection there is, without a flush, and connects at once.
  void reconnect();
  /// As reconnect(), to somewhere else.
  void connect(std::string address, std::string port);

  /// When the next attempt is due by itself; nothing if none is.
  std::optional<TimePoint> next_attempt() const noexcept { return retry_.due(); }

 private:
  const TcpStreamSettings& settings() const noexcept override { return options_; }
  void input(std::string_view record) override { options_.server_input(*this, record); }
  void failed(const Error& error) override;
  void flushed() override;
  void high() override;
  void low() override;
  void ready() override;
  void closed() override;
  std::string layer_peer() const override { return options_.remote_address; }

  void begin();
  void attempt();
  void begin_nothing_new();
  void take(Accepted accepted);
  void fail(const Error& reported);
  void retry_later();
  std::string who() const { return "connection to " + options_.remote_address + ":" + options_.remote_port.text(); }

  TcpClientOptions options_;
  std::optional<Backoff> backoff_;
  SocketFactory connecting_;
  Timer retry_;
  Alias alias_;
  SignalWatch drain_;
  TimePoint connected_at_{};
  bool ended_ = false;  // by shutdown(), until asked to connect again
};

}  // namespace poe
