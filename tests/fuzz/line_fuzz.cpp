// SPDX-License-Identifier: MIT
//
// Fuzz target: LineFilter with endings of all kinds. The first octets choose the filter and the cuts.
#include "cut_check.hpp"
#include "poe/filters/line.hpp"

namespace {

constexpr std::size_t kMaxLength = 24;

poe::LineOptions options_for(std::uint8_t choice) {
  poe::LineOptions options;
  switch (choice % 7) {
    case 0:
      break;
    case 1:
      options = poe::LineOptions("\r\n");
      break;
    case 2:
      options = poe::LineOptions::any();
      break;
    case 3:
      options = poe::LineOptions::autodetect();
      break;
    case 4:
      options = poe::LineOptions::one_of({"a", "ab", "abc", "\n"});
      break;
    case 5:
      options = poe::LineOptions("aba");
      break;
    default:
      options = poe::LineOptions("aaaaaaaaaaaaaaaaab");
      break;  // long enough for the other search
  }
  options.max_length = kMaxLength;
  options.oversize = (choice & 0x80) != 0 ? poe::OversizePolicy::stop : poe::OversizePolicy::resync;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const poe::LineOptions options = options_for(data[0]);
  poe::fuzz::Subject subject{[&] { return std::make_unique<poe::LineFilter>(options); }, kMaxLength + 20};
  subject.show = [](poe::Filter&, std::string_view line) {
    poe::fuzz::require(line.size() <= kMaxLength, "a record over max_length");
    return std::string(line);
  };
  poe::fuzz::check_cuts(subject, input.substr(kHeader), input.substr(1, kHeader - 1));
  return 0;
}
