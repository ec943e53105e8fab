// SPDX-License-Identifier: MIT
//
// permessage-deflate (RFC 7692) for WebSockets, both sides. Part of poe::compress, which needs zlib: without it this
// header and the target are not there, and WebSockets are not compressed. Off unless it is given to one.
//
//     chat.deflate = poe::websocket_deflate();  // HttpSocketOptions; the server negotiates
//
//     auto deflate = poe::websocket_deflate();  // a client
//     request.fields.add("Sec-WebSocket-Extensions", poe::websocket_deflate_offer(deflate->wanted()));
//     auto agreed = poe::websocket_deflate_agreed(deflate->wanted(), answer);  // an error: hang up
//     if (agreed && *agreed) options.deflate = deflate, options.deflate_terms = **agreed;
#pragma once

#include <cstddef>
#include <memory>

#include "poe/filters/websocket_extension.hpp"

namespace poe {

struct WebSocketDeflateOptions {
  WebSocketDeflateOptions() {
    wanted.server_max_window_bits = 12;
    wanted.client_max_window_bits = 12;
  }

  /// Windows of 4 KiB, kept from message to message: most of the gain for a seventh of the memory of 15 bits.
  WebSocketDeflateTerms wanted;
  int level = 0;  ///< 0: zlib's default, else 1 to 9
  /// 1 to 9, zlib's memLevel: 2^(memory + 9) octets of each compressor.
  int memory = 5;
  std::size_t threshold = 64;  ///< shorter messages go as they are
  /// A message may inflate to this many times its size beyond 64 KiB: more is 1009. 0: any up to max_message (R47).
  std::size_t max_ratio = 200;
};

/// For any number of connections. Values out of their range count as the nearest one.
///
/// Memory of a connection, as long as it lives, from the first compressed message that way: outward
/// 2^(bits + 2) + 2^(memory + 9) octets and 6 KiB, inward 2^bits octets and 8 KiB: with the defaults 38 and 12 KiB,
/// with a client that does not let its window be limited 38 and 40 KiB. A direction that forgets ("no context
/// takeover") keeps nothing between messages. While a message is read or written: the message, compressed and not.
///
/// Why it is off by default: that memory, where an idle connection has 1 KiB; and what is secret must not be compressed
/// together with what a stranger chose, for the length tells what they have in common (RFC 7692, 8: CRIME).
POE_API std::shared_ptr<const WebSocketDeflate> websocket_deflate(
    WebSocketDeflateOptions options = WebSocketDeflateOptions());

}  // namespace poe
