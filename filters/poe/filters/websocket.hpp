// SPDX-License-Identifier: MIT
//
// WebSocketFilter: the frames of RFC 6455, both sides, strict. A record is a whole message or a control frame; kind()
// says which. The filter writes nothing by itself: a ping is to be answered by who reads it. Of extensions it knows
// permessage-deflate (RFC 7692), once both ends have agreed on it. Not thread-safe, as every Filter.
//
//     // In the handler of an HTTP request that offers it, a server:
//     head.fields.add("Connection", "Upgrade").add("Upgrade", "websocket").add("Sec-WebSocket-Accept", *accept);
//     http.respond(head, "", text), wheel.put(text), wheel.set_filter(poe::WebSocketFilter());
//     // In the handler of a record:
//     if (socket.kind() == poe::WebSocketKind::ping) socket.encode_as(poe::WebSocketKind::pong, record, text);
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "poe/filters/filter.hpp"
#include "poe/filters/input_buffer.hpp"
#include "poe/filters/websocket_extension.hpp"

namespace poe {

enum class WebSocketKind : std::uint8_t {
  text = 1,  ///< UTF-8, checked both ways
  binary = 2,
  close = 8,  ///< the record is the reason; close_code() has the code
  ping = 9,   ///< answer with a pong of the same payload
  pong = 10,
};

struct WebSocketOptions {
  WebSocketOptions() = default;
  /// The client's side: what is written is masked, what is read must not be.
  static WebSocketOptions client() {
    WebSocketOptions options;
    options.is_client = true;
    return options;
  }

  bool is_client = false;
  WebSocketKind put_as = WebSocketKind::text;      ///< what encode() makes of a record: text or binary
  std::size_t max_message = std::size_t{1} << 20;  ///< octets of a message, its frames joined, both ways; inflated
  std::size_t max_frames = 1024;                   ///< frames of one message
  std::size_t max_buffer = std::size_t{1} << 20;   ///< kept when not fetched in time; at least one frame fits
  /// Where a client's masks come from; empty: std::random_device. They must not be predictable (RFC 6455, 10.3).
  std::function<std::uint32_t()> mask = {};
  /// Messages may come compressed, and go compressed where that is worth it. Null: a compressed one is an error.
  std::shared_ptr<const WebSocketDeflate> deflate = {};
  WebSocketDeflateTerms deflate_terms = {};  ///< as agreed; see websocket_extension.hpp
};

class POE_API WebSocketFilter final : public Filter {
 public:
  explicit WebSocketFilter(WebSocketOptions options = WebSocketOptions());

  /// @name The record delivered last. Valid as long as its view.
  /// @{
  WebSocketKind kind() const noexcept { return kind_; }
  /// Of a close frame: its code, 1005 if it has none.
  std::uint16_t close_code() const noexcept { return close_code_; }
  /// @}
  /// After an error: the code to close with, 1002, 1007, 1009 or 1011. Else nothing.
  std::optional<std::uint16_t> failure_code() const noexcept { return failure_code_; }

  /// A message or a control frame. Errors: Errc::invalid_argument for text that is not UTF-8 and for a control frame
  /// over 125 octets; Errc::limit over max_message; Errc::closed after a close frame was written.
  /// What was appended must be sent, in its order; if it is not, forget_encoded().
  Result<void> encode_as(WebSocketKind kind, std::string_view payload, std::string& out);
  /// No effect without compression.
  void forget_encoded() noexcept override;
  /// @param code  1000 to 1014 but not 1004 to 1006, or 3000 to 4999
  Result<void> encode_close(std::uint16_t code, std::string_view reason, std::string& out);

  void feed(std::string_view bytes) override { input_.feed(bytes); }
  void keep() override { input_.keep(); }
  /// Errors: Errc::protocol, Errc::limit; then, and behind a close frame, everything is dropped.
  Result<std::optional<std::string_view>> next() override;
  /// A stream that ends within a message is Errc::protocol, once. One that ends without a close frame is not told.
  Result<std::optional<std::string_view>> finish() override;
  Result<void> encode(std::string_view record, std::string& out) override;
  /// Frames of an unfinished message that were taken in are not in it.
  std::string take_pending() override { return input_.take(); }
  std::size_t pending_size() const noexcept override { return input_.size(); }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<WebSocketFilter>(options_); }
  void reset() noexcept override { *this = WebSocketFilter(std::move(options_)); }

 private:
  struct Head;
  using Record = Result<std::optional<std::string_view>>;
  std::optional<Head> read_head();
  std::optional<Error> check(const Head& head);
  std::optional<Error> fail(std::uint16_t code, std::string why);
  std::optional<Record> take_frame(const Head& head);
  void take_payload(const Head& head, std::string& into);
  std::optional<Error> take_packed(const Head& head);
  WebSocketCodec& codec();
  Record deliver(WebSocketKind kind, std::string& payload);
  Record deliver_close(std::string& payload);
  Result<void> check_put(WebSocketKind kind, std::string_view payload) const;
  void write_frame(WebSocketKind kind, std::string_view payload, bool packed, std::string& out) const;
  void write_head(WebSocketKind kind, std::size_t size, bool packed, std::string& out) const;

  WebSocketOptions options_;
  InputBuffer input_;
  std::string message_;                    // frames joined
  std::size_t frames_ = 0;                 // of the message in hand; 0: none
  std::size_t wire_ = 0;                   // octets of the message in hand as they came, if it is packed
  bool packed_ = false;                    // the message in hand is
  std::unique_ptr<WebSocketCodec> codec_;  // made at the first message that needs it
  WebSocketKind message_kind_ = WebSocketKind::text;
  std::string control_;
  std::string delivered_;
  WebSocketKind kind_ = WebSocketKind::text;
  std::uint16_t close_code_ = 1005;
  std::optional<std::uint16_t> failure_code_;
  bool closed_ = false;  // a close frame was written
};

/// The value of Sec-WebSocket-Accept for a client's Sec-WebSocket-Key; nothing if that is no key (RFC 6455, 4.2).
POE_API std::optional<std::string> websocket_accept(std::string_view key);

}  // namespace poe
