// SPDX-License-Identifier: MIT
#include "poe/near_names.hpp"

#include <algorithm>
#include <numeric>

namespace poe {

namespace {

/// Insertions, deletions and replacements that make `a` into `b` (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::vector<std::string> near_names(std::string_view typed, const std::vector<std::string>& known) {
  std::vector<std::string> near;
  for (const std::string& name : known) {
    const std::size_t away = distance(typed, name);
    const bool begins = typed.size() >= 2 && name.starts_with(typed);
    if (begins || (away <= 2 && away < name.size())) near.push_back(name);
  }
  return near;
}

}  // namespace poe
