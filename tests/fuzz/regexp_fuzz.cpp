// SPDX-License-Identifier: MIT
//
// Fuzz target: lines that end where a regular expression matches. Needs poe::regexp. The first octets choose the
// expression and the cuts; of some the input is the expression.
#include <iterator>

#include "cut_check.hpp"
#include "poe/filters/regexp_lines.hpp"

namespace {

constexpr std::size_t kMaxLength = 24;
constexpr std::size_t kLongest = 12;
constexpr const char* kPatterns[] = {"\r?\n",      "a+",       "a*b",       "(a|b)\\1",
                                     "ab|a|b",     "a(?=.*b)", "a(?!bc)",   "(?s)a.*?b",
                                     "[ab]{2,5}c", "(a+)+c",   "(?i)b[a]?", "(?:a|ab)(?:c|bcd)(?:d*)",
                                     "a$",         "b\\s*$",   "(?>a+)b|c"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string_view bytes = input.substr(kHeader);
  std::string_view pattern = "b";
  if (data[0] < 0x80) {
    pattern = kPatterns[data[0] % std::size(kPatterns)];
  } else {  // up to the first line's end
    pattern = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(bytes.size(), pattern.size() + 1));
  }
  poe::RegexpLimits limits;
  limits.longest = kLongest;
  limits.steps = 1000;
  auto options = poe::regexp_lines(pattern, limits);
  if (!options) return 0;
  options->max_length = kMaxLength;
  options->oversize = (data[1] & 0x80) != 0 ? poe::OversizePolicy::stop : poe::OversizePolicy::resync;
  poe::fuzz::Subject subject{[&] { return std::make_unique<poe::LineFilter>(*options); }, kMaxLength + 2 * kLongest};
  poe::fuzz::check_cuts(subject, bytes, input.substr(1, kHeader - 1));
  return 0;
}
