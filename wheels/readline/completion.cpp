// SPDX-License-Identifier: MIT
#include "completion.hpp"

#include <algorithm>
#include <cwchar>

#include "wide_text.hpp"

namespace poe {
namespace {

std::size_t cells(const std::string& text) {
  const std::wstring wide = to_wide(text);
  const int width = ::wcswidth(wide.c_str(), wide.size());
  return width < 0 ? wide.size() : static_cast<std::size_t>(width);
}

}  // namespace

std::size_t word_start(std::wstring_view before_cursor, std::wstring_view breaks) {
  const std::size_t last = before_cursor.find_last_of(breaks);
  return last == std::wstring_view::npos ? 0 : last + 1;
}

std::wstring common_prefix(const std::vector<std::wstring>& candidates) {
  if (candidates.empty()) return {};
  std::wstring prefix = candidates.front();
  for (const std::wstring& one : candidates) {
    const auto differs = std::mismatch(prefix.begin(), prefix.end(), one.begin(), one.end()).first;
    prefix.erase(differs, prefix.end());
  }
  return prefix;
}

std::string in_columns(const std::vector<std::string>& candidates, std::size_t columns, std::size_t most) {
  const std::size_t shown = std::min(candidates.size(), most);
  std::vector<std::size_t> widths(shown);
  for (std::size_t i = 0; i < shown; ++i) widths[i] = cells(candidates[i]);
  const std::size_t widest = shown == 0 ? 1 : *std::max_element(widths.begin(), widths.end()) + 2;
  const std::size_t across = std::max<std::size_t>(columns / widest, 1);
  const std::size_t rows = (shown + across - 1) / across;
  std::string text;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = row; i < shown; i += rows) {
      text += candidates[i];
      if (i + rows < shown) text.append(widest - widths[i], ' ');
    }
    text += '\n';
  }
  if (shown < candidates.size()) text += "and " + std::to_string(candidates.size() - shown) + " more\n";
  return text;
}

}  // namespace poe
