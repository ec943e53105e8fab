// SPDX-License-Identifier: MIT
//
// SectionScan finds the end of a head or of trailers, the empty line, before a tokeniser sees any of it, and refuses
// line forms that parsers are known to read in two ways. Why not llhttp for this: 8.1 unfolds folded lines, and its
// limits depend on the caller. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace poe {

class SectionScan {
 public:
  enum class State : std::uint8_t { incomplete, complete, too_large, bad };

  /// Looks on at a section that begins with `text`; call again with the same and more.
  /// @param most  octets up to and with the empty line
  /// @param fields_only  there is no first line that is no field
  State look(std::string_view text, std::size_t most, bool fields_only);
  /// Octets of the complete section, with its empty line.
  std::size_t size() const noexcept { return line_; }
  /// Lines seen before this one.
  std::size_t lines() const noexcept { return lines_; }
  const char* why() const noexcept { return why_; }

 private:
  State bad(const char* why) noexcept;

  std::size_t line_ = 0;  // where the line begins that is not complete
  std::size_t seen_ = 0;
  std::size_t lines_ = 0;
  const char* why_ = "";
};

}  // namespace poe
