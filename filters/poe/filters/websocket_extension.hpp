// SPDX-License-Identifier: MIT
//
// permessage-deflate (RFC 7692), as far as it needs no zlib: what two ends agree on, and what a WebSocketFilter asks of
// the one that compresses. poe::websocket_deflate() of poe::compress makes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/export.hpp"

namespace poe {

/// What both ends agreed on, or one end would like (RFC 7692, 7.1). The plain values are those of a bare offer.
struct WebSocketDeflateTerms {
  bool server_no_context_takeover = false;  ///< the server compresses each message by itself
  bool client_no_context_takeover = false;
  int server_max_window_bits = 15;  ///< 8 to 15: the server refers back at most 2^bits octets
  int client_max_window_bits = 15;
};

/// What a server answers to an offer that it takes.
struct WebSocketDeflateAnswer {
  WebSocketDeflateTerms terms;
  std::string text;  ///< for the field Sec-WebSocket-Extensions
};

/// The field Sec-WebSocket-Extensions of a client that wishes for `wanted`. It says that the client can obey a
/// client_max_window_bits, and asks for one if that is less than 15.
POE_API std::string websocket_deflate_offer(const WebSocketDeflateTerms& wanted);

/// A server's choice: the first offer of permessage-deflate that can be taken (RFC 7692, 5.1 and 7.1), with the smaller
/// window and the more forgetful side of both wishes. Offers with a parameter that is unknown, doubled or ill-valued
/// are passed over, and so are other extensions.
/// @param offers  the values of all fields Sec-WebSocket-Extensions, joined by commas
/// @return  nothing: answer without the field.
/// Errors: Errc::protocol if that is no list of extensions (RFC 6455, 9.1): refuse the handshake.
POE_API Result<std::optional<WebSocketDeflateAnswer>> websocket_deflate_answer(const WebSocketDeflateTerms& wanted,
                                                                               std::string_view offers);

/// A client's reading of the answer to websocket_deflate_offer(wanted); nothing if the server declined.
/// Errors: Errc::protocol for what was not offered or breaks the rules of 7.1: the client must end the connection.
POE_API Result<std::optional<WebSocketDeflateTerms>> websocket_deflate_agreed(const WebSocketDeflateTerms& wanted,
                                                                              std::string_view answer);

/// One end of one connection. Not thread-safe.
class POE_API WebSocketCodec {
 public:
  virtual ~WebSocketCodec();

  /// Appends the payload of a compressed message. False: nothing was appended, send it as it is, for it is too short,
  /// or would not get smaller, or there is no memory.
  virtual bool pack(std::string_view message, std::string& out) = 0;
  /// What pack() made last will not be sent: later messages must not refer to it.
  virtual void forget_packed() noexcept = 0;

  /// Appends what a piece of a compressed message amounts to.
  /// @param last  the message ends with this piece
  /// @param most  octets that `out` may have at the end. One octet over it is inflated at the furthest.
  /// Errors: Errc::protocol if it is no such message; Errc::limit over `most` and for a message that grows by more than
  /// the ratio allowed; Errc::system without memory. After an error no message of the connection can be read.
  virtual Result<void> unpack(std::string_view piece, bool last, std::size_t most, std::string& out) = 0;

 protected:
  WebSocketCodec() = default;
  WebSocketCodec(const WebSocketCodec&) = default;
  WebSocketCodec& operator=(const WebSocketCodec&) = default;
};

/// Makes the codecs of all connections that share its settings. Constant once made: any thread.
class POE_API WebSocketDeflate {
 public:
  virtual ~WebSocketDeflate();

  /// What this end wishes for.
  virtual const WebSocketDeflateTerms& wanted() const noexcept = 0;
  virtual std::unique_ptr<WebSocketCodec> open(const WebSocketDeflateTerms& agreed, bool is_client) const = 0;

 protected:
  WebSocketDeflate() = default;
  WebSocketDeflate(const WebSocketDeflate&) = default;
  WebSocketDeflate& operator=(const WebSocketDeflate&) = default;
};

}  // namespace poe
