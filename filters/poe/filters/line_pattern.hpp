// SPDX-License-Identifier: MIT
//
// LinePattern: what ends a line by a rule of its own, for LineOptions::matching(). regexp_lines() makes one of a
// regular expression (poe::regexp).
#pragma once

#include <cstddef>
#include <string_view>

namespace poe {

/// Where an ending is. size 0: nowhere yet, and none begins before `at`, whatever follows the text.
struct LineMatch {
  std::size_t at;
  std::size_t size;
};

/// Constant: filters in many threads may share one.
class LinePattern {
 public:
  virtual ~LinePattern() = default;
  /// The first ending of at least one octet that begins at `from` or behind. Whether one begins at a place, and its
  /// size, depend on the longest() octets from there on and on nothing else, so that the cuts of a stream do not
  /// matter.
  /// @param at_end  nothing follows the text
  virtual LineMatch find(std::string_view text, std::size_t from, bool at_end) const = 0;
  /// Octets that an ending, with all that must be seen to know it, has at most: 1 to 2^30.
  virtual std::size_t longest() const noexcept = 0;
};

}  // namespace poe
