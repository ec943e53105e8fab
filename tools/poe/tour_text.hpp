// SPDX-License-Identifier: MIT
//
// The text of the tour, and what a server that numbers lines must answer to it. Worked out here with nothing but the
// C++ library: it is what our filters are checked against.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "poe/error.hpp"

namespace poe::tool {

struct TourText {
  std::string path;
  std::string sent;      ///< the whole file; a missing last line ending is added
  std::string expected;  ///< each line with its number and a blank in front
  std::size_t lines = 0;
  std::size_t longest = 0;  ///< octets
};

/// "17 " + line + "\n"
std::string numbered(std::size_t number, std::string_view line);

/// Reads `path`; empty: the first licence text of the system with at least 30 000 octets. Errors: it cannot be read, is
/// empty, or is larger than 256 MiB.
Result<TourText> tour_text(const std::string& path);

}  // namespace poe::tool
