// SPDX-License-Identifier: MIT
//
// SmtpServer: receives mail (RFC 5321) from whoever connects, and hands it over; what becomes of it is the program's.
//
//     poe::SmtpServerOptions options("127.0.0.1", 2525);
//     options.on_message = [](poe::SmtpQuestion mail) { store(mail.take_message()); mail.accept(); };
//     kernel.spawn<poe::SmtpServer>(std::move(options));
//
// EHLO with PIPELINING, SIZE, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES, CHUNKING, and STARTTLS if `tls` is given. No
// AUTH, no relaying of its own. Each connection is a session, a child of the server's. All on the loop thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "poe/components/smtp_input.hpp"
#include "poe/components/smtp_message.hpp"
#include "poe/components/tcp_server.hpp"

namespace poe {

class SmtpServer;
struct SmtpServerCore;

/// Each is refused, or ends the connection, with an answer that says so.
struct SmtpLimits {
  SmtpLimits() = default;
  SmtpLineLimits lines{};
  std::uint64_t max_message = std::uint64_t{25} << 20;  ///< octets; told with SIZE. Then 552
  std::size_t max_recipients = 100;                     ///< of a message. Then 452
  std::size_t max_errors = 20;                      ///< refused commands of a connection, recipients included. Then 421
  std::size_t max_idle_commands = 100;              ///< commands without a message in between. Then 421
  Duration command_time = std::chrono::minutes(5);  ///< for the next command, and for a TLS handshake. Then 421
  Duration data_time = std::chrono::minutes(10);    ///< from DATA or the first BDAT to the end of the message
  Duration answer_time = std::chrono::minutes(5);   ///< for the program. Then 451 for the client
};

/// Has constructors, so it is no aggregate: g++ 12 destroys aggregates twice when they travel in a co_await operand.
class SmtpServerOptions {
 public:
  SmtpServerOptions() = default;
  /// As TcpServerOptions: host name, numeric address, or Unix path; empty: all interfaces.
  explicit SmtpServerOptions(std::string where, Port its_port = {})
      : address(std::move(where)), port(std::move(its_port)) {}

  // ---- the listener, as in TcpServerOptions
  SocketDomain domain = SocketDomain::any;
  std::string address;
  Port port;
  bool share_port = false;
  std::string alias;
  /// Connections at a time; accepting rests at the limit.
  std::size_t max_connections = 1000;
  Fn<void(SmtpServer&)> started;
  Fn<void(SmtpServer&)> stopped;
  Fn<void(SmtpServer&, const Error&)> error;

  /// What the server calls itself. Empty: the system's name.
  std::string host_name;
  SmtpLimits limits;

  /// A TlsContext (poe/filters/tls.hpp). Then STARTTLS is offered.
  std::shared_ptr<const StreamLayerMaker> tls;
  /// Without it no mail is taken (530).
  bool tls_required = false;
  /// TLS from the first octet instead (port 465).
  bool tls_at_once = false;

  // ---- what the program says; each is called with the question, and answers it now or later. A Postback of an
  // Event<SmtpQuestion> fits as well; a coroutine is begun with kernel.spawn(f, std::move(question)).

  /// May that sender send? Empty: anybody may.
  Fn<void(SmtpQuestion)> on_mail;
  /// Is that recipient ours? Empty: everybody is, which suits a trap or a test, not a server on the net.
  Fn<void(SmtpQuestion)> on_rcpt;
  /// Required. The message has come; who accepts it has it for good.
  Fn<void(SmtpQuestion)> on_message;
  /// Where a message goes in pieces instead of being kept in memory; asked when it begins. Error: 451.
  Fn<Result<SmtpSink>(const SmtpEnvelope&)> open_sink;

  /// Where warnings go: exceptions of the above. Must outlive the server. nullptr: stderr_log().
  LogSink* log = nullptr;
};

/// A TcpServer that speaks SMTP: local_address(), connections(), shutdown() and its events are there as well.
///
/// A CR or LF by itself ends the connection with 521, and nothing behind it is handled (CVE-2023-51764); in a BDAT
/// chunk it refuses the message. What a client has sent behind STARTTLS before the handshake is thrown away
/// (CVE-2011-0411). With the signal DRAIN (Kernel::drain_then_stop()) a connection ends with 421 as soon as it has no
/// message in hand.
class POE_API SmtpServer : public TcpServer {
 public:
  /// Throws std::invalid_argument without on_message, or where TLS is asked for and not given.
  SmtpServer(Birth birth, SmtpServerOptions options);
  ~SmtpServer() override;

  template <class S>
  static void handlers(Handlers<S>& table) {
    TcpServer::handlers(table);
  }

 private:
  SmtpServer(Birth birth, std::shared_ptr<SmtpServerCore> core);
};

}  // namespace poe
