// SPDX-License-Identifier: MIT
//
// Lines that end where a regular expression matches (POE::Filter::Line, InputRegexp, P125). Link poe::regexp.
//
//     auto lines = poe::regexp_lines("\\s*[;\n]");
//     if (!lines) return report(lines.error());
//     options.filter = *lines;
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "poe/error.hpp"
#include "poe/filters/line.hpp"

namespace poe {

/// What a peer's octets may cost.
struct RegexpLimits {
  /// Octets that an ending has at most, and the pattern may look at to know it: what would need more is no ending. 1 to
  /// 65 536, others become the nearest of these.
  std::size_t longest = 256;
  /// Steps (PCRE2's match limit) for one place: where it would take more, no line ends. A step takes some 10 ns, so
  /// with a pattern like "(a+)+b" a peer can make each octet cost that often.
  std::uint32_t steps = 1'000;
};

/// Lines that end at the first octets, one at least, that `pattern` matches; CR LF out. All else of LineOptions, its
/// limits too, is as ever. A line waits until it is certain that it ends: with "\n+" until something else follows.
///
/// The syntax is Perl's, by PCRE2, on octets. The pattern sees what follows a place but not what precedes it, and
/// cannot change how it is searched for: no \b, (?<=...), (?<!...), \A, \G, \K, ^, (*...). Error: `invalid_argument`,
/// with what PCRE2 says and where, or what is not allowed in it.
POE_API Result<LineOptions> regexp_lines(std::string_view pattern, RegexpLimits limits = {});

}  // namespace poe
