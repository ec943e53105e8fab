// SPDX-License-Identifier: MIT
//
// Fuzz target: WebSocket frames, both sides.
#include "cut_check.hpp"
#include "poe/filters/websocket.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  poe::WebSocketOptions options;
  options.is_client = data[0] % 2 == 0;
  options.max_message = 150;
  options.max_frames = 4;
  poe::fuzz::Subject subject{[&] { return std::make_unique<poe::WebSocketFilter>(options); }, 170};
  subject.show = [](poe::Filter& filter, std::string_view text) {
    return std::to_string(static_cast<int>(static_cast<poe::WebSocketFilter&>(filter).kind())) + std::string(text);
  };
  poe::fuzz::check_cuts(subject, input.substr(kHeader), input.substr(1, kHeader - 1));
  return 0;
}
