// SPDX-License-Identifier: MIT
//
// Fuzz target: compressed WebSocket messages, both sides. Needs poe::compress. The first octets choose the terms and
// the cuts; the rest is frames, or the payload of a message in one to three of them, and is compressed and read again.
#include <algorithm>

#include "cut_check.hpp"
#include "poe/filters/websocket.hpp"
#include "poe/filters/websocket_deflate.hpp"

namespace {

constexpr std::size_t kMost = 70'000;  // so that the ratio counts, too

poe::WebSocketOptions options_for(std::uint8_t choice, bool is_client) {
  static const auto deflate = poe::websocket_deflate();
  poe::WebSocketOptions options;
  options.is_client = is_client;
  options.max_message = kMost;
  options.max_buffer = 0;
  options.mask = [] { return 0x01020304U; };
  options.deflate = deflate;
  options.deflate_terms.server_max_window_bits = (choice & 1U) != 0 ? 8 : 15;
  options.deflate_terms.client_max_window_bits = (choice & 2U) != 0 ? 9 : 15;
  options.deflate_terms.server_no_context_takeover = (choice & 4U) != 0;
  options.deflate_terms.client_no_context_takeover = (choice & 8U) != 0;
  return options;
}

// What a server sends: this payload with RSV1 set, in so many frames.
std::string framed(std::string_view payload, unsigned frames) {
  std::string wire;
  for (unsigned i = 0; i < frames; ++i) {
    const std::size_t size = i + 1 == frames ? payload.size() : payload.size() / 2;
    const unsigned head = (i == 0 ? 0x42U : 0U) | (i + 1 == frames ? 0x80U : 0U);
    wire += {static_cast<char>(head), static_cast<char>(126), static_cast<char>(size >> 8), static_cast<char>(size)};
    if (size <= 125) wire.replace(wire.size() - 3, 3, 1, static_cast<char>(size));
    wire += payload.substr(0, size);
    payload.remove_prefix(size);
  }
  return wire;
}

// What one side sends the other reads; the second one may refer to the first.
void check_round_trip(std::uint8_t choice, std::string_view bytes, bool from_client) {
  poe::WebSocketFilter from(options_for(choice, from_client));
  poe::WebSocketFilter to(options_for(choice, !from_client));
  for (const std::string_view message : {bytes, bytes.substr(bytes.size() / 2), bytes}) {
    std::string wire;
    poe::fuzz::require(from.encode_as(poe::WebSocketKind::binary, message, wire).has_value(), "cannot encode");
    to.feed(wire);
    const auto record = to.next();
    poe::fuzz::require(record && record->has_value() && **record == message, "what was compressed does not come back");
    poe::fuzz::require(!to.next()->has_value(), "more comes back");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), std::min(size, std::size_t{20'000}));
  const std::string_view bytes = input.substr(kHeader);
  const unsigned frames = data[0] >> 6U;
  const std::string wire = frames == 0 ? std::string(bytes) : framed(bytes, frames);
  const bool is_client = frames != 0 || (data[0] & 0x20U) != 0;
  poe::fuzz::Subject subject{[&] { return std::make_unique<poe::WebSocketFilter>(options_for(data[0], is_client)); },
                             kMost + kMost / 8 + 100};
  subject.show = [](poe::Filter& filter, std::string_view text) {
    poe::fuzz::require(text.size() <= kMost, "a message over max_message");
    return std::to_string(static_cast<int>(static_cast<poe::WebSocketFilter&>(filter).kind())) + std::string(text);
  };
  poe::fuzz::check_cuts(subject, wire, input.substr(1, kHeader - 1));
  check_round_trip(data[0], bytes, is_client);
  return 0;
}
