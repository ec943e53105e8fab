// SPDX-License-Identifier: MIT
//
// Fuzz target: BlockFilter in all its forms. The first octets choose the form and the cuts.
#include "cut_check.hpp"
#include "poe/filters/block.hpp"

namespace {

poe::BlockOptions options_for(std::uint8_t choice) {
  switch (choice % 7) {
    case 0:
      return poe::BlockOptions::fixed(5);
    case 1:
      return poe::BlockOptions::netstring();
    case 2:
      return poe::BlockOptions(poe::length::u8());
    case 3:
      return poe::BlockOptions(poe::length::u16());
    case 4:
      return poe::BlockOptions(poe::length::u32());
    case 5:
      return poe::BlockOptions(poe::length::varint());
    default:
      return poe::BlockOptions();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  constexpr std::size_t kMaxLength = 24;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  poe::BlockOptions options = options_for(data[0]);
  options.max_length = kMaxLength;
  options.oversize = (data[0] & 0x80) != 0 ? poe::OversizePolicy::stop : poe::OversizePolicy::resync;
  const poe::fuzz::Subject subject{[&] { return std::make_unique<poe::BlockFilter>(options); }, kMaxLength + 22};
  poe::fuzz::check_cuts(subject, input.substr(kHeader), input.substr(1, kHeader - 1));
  return 0;
}
