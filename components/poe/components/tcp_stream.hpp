// SPDX-License-Identifier: MIT
//
// TcpStream: a session around one connection: what TcpConnection (of a server) and TcpClient share. It is not made
// directly. All on the loop thread.
#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "poe/error.hpp"
#include "poe/event.hpp"
#include "poe/export.hpp"
#include "poe/filters/stream_layer.hpp"
#include "poe/log.hpp"
#include "poe/session.hpp"
#include "poe/time.hpp"
#include "poe/wheels/any_filter.hpp"
#include "poe/wheels/read_write.hpp"
#include "poe/wheels/socket_address.hpp"

namespace poe {

/// Events that servers, connections and clients answer: post them from anywhere.
namespace tcp {
inline constexpr Event<> shutdown{"shutdown"};                           ///< server: stop listening; stream: close
inline constexpr Event<std::size_t> set_concurrency{"set_concurrency"};  ///< server: connections at a time
inline constexpr Event<> reconnect{"reconnect"};                         ///< client: drop what is, connect again
}  // namespace tcp

/// How a stream is read and written; constant for all connections of a server, which share one.
class TcpStreamSettings {
 public:
  /// Cloned for each connection. Empty: LineFilter with its defaults.
  AnyFilter filter;
  /// For the output alone; empty: the same object as for the input.
  AnyFilter output_filter;
  /// TLS under the filters: a TlsContext (poe/filters/tls.hpp). A stream counts as connected when the handshake is
  /// done; if it fails, there was no connection. A client expects the certificate of the host it was told to connect
  /// to.
  std::shared_ptr<const StreamLayerMaker> tls;
  // As in ReadWriteOptions.
  std::size_t high_water = std::size_t{64} << 10;
  std::size_t low_water = std::size_t{16} << 10;
  std::size_t output_limit = std::size_t{4} << 20;
  ReadBudget budget;
  /// TCP_NODELAY. What is put in one handler leaves in one piece anyway, so there is nothing to wait for.
  bool no_delay = true;
  /// Whether an error or the end of the input shuts the stream down (POE's ClientShutdownOnError).
  bool shutdown_on_error = true;
  /// How long a shutdown may wait for a peer to take what was put. POE waits for ever.
  Duration shutdown_limit = std::chrono::seconds(30);
  /// Where the default error callbacks warn; must outlive the session. nullptr: stderr_log().
  LogSink* log = nullptr;
};

class POE_API TcpStream : public Session, private ReadWriteReceiver {
 public:
  ~TcpStream() override;

  /// As ReadWrite::put(). Errors also: `closed` while there is no connection, and after shutdown().
  Result<Output> put(std::string_view record);
  /// Closes the connection once everything that was put is out (P159), at once after an error that broke it. No record
  /// is delivered any more, not even one already read (P160).
  virtual void shutdown();

  bool connected() const noexcept { return static_cast<bool>(wheel_); }
  bool shutting_down() const noexcept { return shutting_down_; }
  /// The wheel, to pause, change filters, look at counts. Only while connected().
  ReadWrite& wheel() noexcept { return wheel_; }
  /// Who is on the other side; kept after the end. POE's remote_ip and remote_port: peer().host(), peer().port().
  const SocketAddress& peer() const noexcept { return peer_; }
  /// Anything of yours; POE's heap.
  std::any& heap() noexcept { return heap_; }
  void set_shutdown_on_error(bool on) noexcept { shutdown_on_error_ = on; }

 protected:
  explicit TcpStream(Birth&& birth) noexcept;

  /// Adds the rows every stream needs; call it first in handlers() of a derived class.
  template <class S>
  static void stream_handlers(Handlers<S>& table) {
    table.on(tcp::shutdown, &TcpStream::shutdown);
  }

  /// Takes a connected socket over. Error: there can be no layer of `settings.tls`; nothing is connected then.
  Result<void> open(Fd socket, const TcpStreamSettings& settings);
  /// Whether ready() was called for the connection that is, or was.
  bool was_ready() const noexcept { return ready_; }
  void set_peer(const SocketAddress& peer) noexcept { peer_ = peer; }
  /// Closes after the flush.
  void finish();
  /// Ends the connection now; what was not written is lost.
  void close();
  /// Writes a warning about `error`, unless it is an orderly end or a reset (P164).
  static void warn(const TcpStreamSettings& settings, const std::string& who, const Error& error);

  virtual const TcpStreamSettings& settings() const noexcept = 0;
  /// Whom a layer is for, see StreamLayerMaker::make_layer().
  virtual std::string layer_peer() const { return peer_.to_string(); }
  // What happens on the stream. ready(): with TLS, when the handshake is done. closing() comes before the wheel goes,
  // and only after ready(); closed() comes after.
  virtual void ready() = 0;
  virtual void input(std::string_view record) = 0;
  virtual void failed(const Error& error) = 0;
  virtual void flushed() = 0;
  virtual void high() = 0;
  virtual void low() = 0;
  virtual void closing() {}
  virtual void closed() {}

 private:
  void on_record(std::string_view record) final { input(record); }
  void on_error(const Error& error) final;
  void on_flushed() final;
  void on_high() final { high(); }
  void on_low() final { low(); }
  void on_secured() final;

  ReadWrite wheel_;
  Timer give_up_;
  std::any heap_;
  SocketAddress peer_;
  bool shutting_down_ = false;
  bool shutdown_on_error_ = true;
  bool ready_ = false;
  bool broken_ = false;  // an error that makes waiting for a flush pointless
};

}  // namespace poe
