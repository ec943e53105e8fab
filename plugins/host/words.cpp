// SPDX-License-Identifier: MIT
#include "words.hpp"

#include <algorithm>

#include "poe/loop_abi.h"

namespace poe::host_room {

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

std::string quoted(std::string_view text) {
  std::string result(1, '"');  // not "\"" + …: g++ 12 warns wrongly of overlapping copies there
  return result.append(text).append(1, '"');
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool well_formed(std::string_view name) noexcept {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() < sizeof poe_loop_note::name && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace poe::host_room
