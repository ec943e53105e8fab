// SPDX-License-Identifier: MIT
//
// Fuzz target: chains of filters in a StackableFilter. The first octets choose the chain and the cuts.
#include "cut_check.hpp"
#include "poe/filters/block.hpp"
#include "poe/filters/grep.hpp"
#include "poe/filters/line.hpp"
#include "poe/filters/map.hpp"
#include "poe/filters/record_block.hpp"
#include "poe/filters/stackable.hpp"

namespace {

constexpr std::size_t kMaxLength = 24;

bool no_a(std::string_view record) { return !record.starts_with('a'); }
std::string reversed(std::string_view record) { return {record.rbegin(), record.rend()}; }

std::unique_ptr<poe::Filter> stage_for(unsigned choice) {
  poe::LineOptions lines(choice % 2 == 0 ? "b" : "\r\n");
  lines.max_length = kMaxLength;
  poe::BlockOptions blocks(poe::length::u8());
  blocks.max_length = kMaxLength;
  switch (choice % 6) {
    case 0:
      return std::make_unique<poe::GrepFilter>(&no_a);
    case 1:
      return std::make_unique<poe::MapFilter>(&reversed);
    case 2:
      return std::make_unique<poe::RecordBlockFilter>(2);
    case 3:
      return std::make_unique<poe::BlockFilter>(blocks);
    default:
      return std::make_unique<poe::LineFilter>(lines);
  }
}

// Lines first: what takes records needs some.
std::unique_ptr<poe::Filter> stack_for(unsigned choice) {
  poe::LineOptions lines;
  lines.max_length = kMaxLength;
  auto stack = std::make_unique<poe::StackableFilter>(poe::StackableFilter::of(poe::LineFilter(lines)));
  for (; choice > 0; choice /= 8) {
    if (choice % 8 < 6) stack->push(stage_for(choice));
  }
  return stack;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const unsigned choice = data[0] + 256U * data[1];
  poe::fuzz::Subject subject{[&] { return stack_for(choice); }};
  // What is pending is given back whole records only where no stage splits what another one made, so not checked here.
  subject.gives_back = false;
  poe::fuzz::check_cuts(subject, input.substr(kHeader), input.substr(2, 2));
  return 0;
}
