// SPDX-License-Identifier: MIT
//
// Fuzz target: decompression of hostile streams, and what is compressed comes back. Needs poe::compress.
#include "cut_check.hpp"
#include "poe/filters/compression.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view bytes = input.substr(kHeader);
  poe::CompressionOptions options(static_cast<poe::Compression>(data[0] % 3));
  options.max_output = 100'000;
  const poe::fuzz::Subject subject{[&] { return std::make_unique<poe::CompressionFilter>(options); }};
  const std::string_view cuts = input.substr(1, kHeader - 1);
  const auto joined = [&](std::string_view text, std::string_view how) {
    std::string all;
    for (const std::string& piece : poe::fuzz::run(subject, text, how, false)) {
      all += piece.starts_with('=') ? piece.substr(1) : piece;
    }
    return all;
  };
  poe::fuzz::require(joined(bytes, {}) == joined(bytes, cuts), "the outcome depends on the cuts");
  poe::CompressionFilter sender(options);
  std::string wire;
  poe::fuzz::require(sender.encode(bytes, wire).has_value() && sender.end(wire).has_value(), "cannot compress");
  poe::fuzz::require(joined(wire, cuts) == bytes, "what was compressed does not come back");
  const auto codec = poe::compression_codec(options);
  poe::fuzz::require(codec->unpack(*codec->pack(bytes), bytes.size()) == std::string(bytes),
                     "a record does not come back");
  (void)codec->unpack(bytes, 1000);
  return 0;
}
