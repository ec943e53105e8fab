// SPDX-License-Identifier: MIT
//
// Fuzz target: JSON lines, and CBOR in blocks (Reference). Needs poe::json.
#include "cut_check.hpp"
#include "poe/filters/reference.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view bytes = input.substr(kHeader);
  poe::ReferenceOptions options;
  options.framing = poe::BlockOptions(poe::length::u8());
  options.framing.max_length = options.limits.max_length = 60;
  options.limits.max_depth = 4;
  options.limits.max_elements = 20;
  poe::fuzz::Subject lines{[&] { return std::make_unique<poe::JsonLinesFilter>(options.limits); }, 64};
  lines.show = [](poe::Filter& f, std::string_view) { return static_cast<poe::JsonLinesFilter&>(f).value().dump(); };
  poe::fuzz::check_cuts(lines, bytes, input.substr(1, kHeader - 1));
  poe::fuzz::Subject blocks{[&] { return std::make_unique<poe::ReferenceFilter>(options); }, 64};
  blocks.show = [](poe::Filter& f, std::string_view) {
    using handler = nlohmann::json::error_handler_t;
    return static_cast<poe::ReferenceFilter&>(f).value().dump(-1, ' ', false, handler::replace);
  };
  poe::fuzz::check_cuts(blocks, bytes, input.substr(1, kHeader - 1));
  // What was read can be written and read again.
  if (const auto value = poe::read_cbor(bytes, options.limits)) {
    const auto again = poe::write_cbor(*value, options.limits);
    poe::fuzz::require(!again || poe::read_cbor(*again, options.limits).has_value(), "what was written cannot be read");
  }
  return 0;
}
