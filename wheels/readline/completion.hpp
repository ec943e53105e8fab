// SPDX-License-Identifier: MIT
//
// What Tab does, apart from asking: the text that all candidates share, and their list in columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace poe {

/// Where the word before the cursor begins: behind the last of `breaks`.
std::size_t word_start(std::wstring_view before_cursor, std::wstring_view breaks);
/// What all begin with.
std::wstring common_prefix(const std::vector<std::wstring>& candidates);
/// Lines of at most `columns` cells, read down; at most `most` candidates, and how many more there are.
std::string in_columns(const std::vector<std::string>& candidates, std::size_t columns, std::size_t most);

}  // namespace poe
