// SPDX-License-Identifier: MIT
//
// Fuzz target: server-sent events.
#include "cut_check.hpp"
#include "poe/filters/sse.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  poe::SseLimits limits;
  limits.max_line = 30;
  limits.max_event = 150;
  poe::fuzz::Subject subject{[&] { return std::make_unique<poe::SseFilter>(limits); }, 600};
  subject.show = [](poe::Filter& filter, std::string_view text) {
    const auto& sse = static_cast<poe::SseFilter&>(filter);
    return sse.event() + "#" + sse.last_event_id() + ":" + std::string(text);
  };
  std::string bytes;
  for (const char c : input.substr(kHeader)) {  // fields are rare in random octets
    bytes += c == 'a' ? "data: " : (c == 'b' ? "id:" : std::string(1, c));
  }
  subject.gives_back = false;  // not what it dropped of an event
  poe::fuzz::check_cuts(subject, bytes, input.substr(1, kHeader - 1));
  return 0;
}
