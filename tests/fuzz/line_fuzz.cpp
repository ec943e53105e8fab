// SPDX-License-Identifier: MIT
//
// Fuzz target: LineFilter gives the same outcome for the same bytes however they are cut, and holds a bounded amount.
// The first octets of the input choose the filter and the cuts. With clang it is a libFuzzer program; with other
// compilers corpus_main.cpp drives it over a generated corpus.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "line_fuzz: broken: %s\n", what);
  std::abort();
}

using Outcome = std::vector<std::string>;

template <class Ask>
void collect(Outcome& outcome, std::size_t most, Ask ask) {
  for (;;) {
    const auto record = ask();
    if (record && !record->has_value()) return;
    require(outcome.size() <= most, "more records than octets");
    require(!record || (*record)->size() <= kMaxLength, "a record over max_length");
    outcome.push_back(record ? "=" + std::string(**record) : "!" + record.error().message());
  }
}

// `cuts` says how long each piece is, over and over; empty: one piece.
Outcome run(const poe::LineOptions& options, std::string_view bytes, std::string_view cuts) {
  poe::LineFilter filter(options);
  Outcome outcome;
  const std::size_t most = 2 * bytes.size() + 2;
  for (std::size_t at = 0, turn = 0; at < bytes.size(); ++turn) {
    const std::size_t size =
        cuts.empty() ? bytes.size() : static_cast<std::uint8_t>(cuts[turn % cuts.size()]) % 40U + 1U;
    const auto piece = std::make_unique<std::string>(bytes.substr(at, size));  // freed before the next feed
    at += piece->size();
    filter.feed(*piece);
    collect(outcome, most, [&] { return filter.next(); });
    require(filter.pending_size() <= kMaxLength + 20, "more held than one line and an ending");
  }
  collect(outcome, most, [&] { return filter.finish(); });
  require(filter.pending_size() == 0, "something left after the end");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const poe::LineOptions options = options_for(data[0]);
  const std::string_view bytes = input.substr(kHeader);
  const Outcome whole = run(options, bytes, {});
  require(run(options, bytes, input.substr(1, kHeader - 1)) == whole, "the outcome depends on the cuts");
  require(run(options, bytes, std::string_view("\0", 1)) == whole, "the outcome differs octet by octet");
  return 0;
}
