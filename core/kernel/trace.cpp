// SPDX-License-Identifier: MIT
#include "poe/trace.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

namespace poe {

namespace {

template <class Flags>
using Name = std::pair<std::string_view, Flags>;

constexpr std::array<Name<Trace>, 6> kTraces{{{"events", Trace::events},
                                              {"sessions", Trace::sessions},
                                              {"refs", Trace::refs},
                                              {"signals", Trace::signalling},
                                              {"turns", Trace::turns},
                                              {"all", Trace::all}}};
constexpr std::array<Name<Assert>, 3> kAsserts{
    {{"data", Assert::data}, {"usage", Assert::usage}, {"all", Assert::all}}};

std::string_view without_spaces(std::string_view word) {
  while (word.starts_with(' ')) word.remove_prefix(1);
  while (word.ends_with(' ')) word.remove_suffix(1);
  return word;
}

template <class Flags>
Result<Flags> parse(std::string_view text, const char* what, std::span<const Name<Flags>> names) {
  Flags set = Flags::none;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view word = without_spaces(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (word.empty()) continue;
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& name) { return name.first == word; });
    if (found == names.end()) {
      std::string known;
      for (const auto& [name, flag] : names) known += (known.empty() ? "" : ", ") + std::string(name);
      return failure(Errc::invalid_argument, what, "\"" + std::string(word) + "\"", "there is no such flag",
                     "use some of " + known + ", with commas between them");
    }
    set = set | found->second;
  }
  return set;
}

}  // namespace

Result<Trace> parse_trace(std::string_view text) {
  return parse<Trace>(text, "read trace flags", std::span<const Name<Trace>>(kTraces));
}

Result<Assert> parse_assert(std::string_view text) {
  return parse<Assert>(text, "read assert flags", std::span<const Name<Assert>>(kAsserts));
}

}  // namespace poe
