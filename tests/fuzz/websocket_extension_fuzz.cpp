// SPDX-License-Identifier: MIT
//
// Fuzz target: the field Sec-WebSocket-Extensions, as a server and as a client reads it. The first octet chooses what
// this end wishes for.
#include <string_view>

#include "cut_check.hpp"
#include "poe/filters/websocket_extension.hpp"

namespace {

bool in_range(const poe::WebSocketDeflateTerms& terms) {
  return terms.server_max_window_bits >= 8 && terms.server_max_window_bits <= 15 && terms.client_max_window_bits >= 8 &&
         terms.client_max_window_bits <= 15;
}

bool same(const poe::WebSocketDeflateTerms& a, const poe::WebSocketDeflateTerms& b) {
  return a.server_no_context_takeover == b.server_no_context_takeover &&
         a.client_no_context_takeover == b.client_no_context_takeover &&
         a.server_max_window_bits == b.server_max_window_bits && a.client_max_window_bits == b.client_max_window_bits;
}

// Tokens are rare in random octets.
std::string spelt(std::string_view input) {
  std::string text;
  for (const char c : input) {
    text += c == 'D'   ? "permessage-deflate"
            : c == 'S' ? "; server_max_window_bits="
            : c == 'C' ? "; client_max_window_bits"
            : c == 'F' ? "; server_no_context_takeover"
            : c == 'G' ? "; client_no_context_takeover"
                       : std::string(1, c);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  poe::WebSocketDeflateTerms wanted;
  wanted.server_no_context_takeover = (data[0] & 1U) != 0;
  wanted.client_no_context_takeover = (data[0] & 2U) != 0;
  wanted.server_max_window_bits = 8 + (data[0] >> 2U & 7U);
  wanted.client_max_window_bits = 8 + (data[0] >> 5U);
  const std::string text = spelt(std::string_view(reinterpret_cast<const char*>(data), size).substr(1));
  if (const auto answer = poe::websocket_deflate_answer(wanted, text); answer && *answer) {
    poe::fuzz::require(in_range((*answer)->terms), "a window that there is none of");
    const auto read = poe::websocket_deflate_agreed({}, (*answer)->text);
    poe::fuzz::require(read && *read && same(**read, (*answer)->terms), "the answer says something else");
  }
  if (const auto terms = poe::websocket_deflate_agreed(wanted, text); terms && *terms) {
    poe::fuzz::require(in_range(**terms), "a window that there is none of");
    poe::fuzz::require((*terms)->server_max_window_bits <= wanted.server_max_window_bits, "more than asked for");
  }
  return 0;
}
