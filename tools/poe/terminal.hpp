// SPDX-License-Identifier: MIT
//
// Colour for people: only on a terminal, and not where NO_COLOR (https://no-color.org) or TERM=dumb says otherwise.
#pragma once

#include <string>
#include <string_view>

namespace poe::tool {

enum class Style { bold, dim, good, bad };

class Terminal {
 public:
  /// Looks at a descriptor (1: standard output) and the environment once.
  explicit Terminal(int fd);
  bool coloured() const noexcept { return coloured_; }
  /// `text`, in that style if this is a terminal that wants it.
  std::string paint(Style style, std::string_view text) const;

 private:
  bool coloured_;
};

}  // namespace poe::tool
