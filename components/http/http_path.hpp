// SPDX-License-Identifier: MIT
//
// From a request's target to the path that is routed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace poe {

struct HttpTarget {
  std::string path;
  std::string query;
};

/// Takes "/path?query", "http://host/path" or "*" apart; decodes the path, then removes its dot segments, so that "%2e"
/// is a dot. Nothing for a path that must not be understood: a malformed escape, or an escaped slash or NUL, which
/// would mean one thing here and another one behind a proxy.
std::optional<HttpTarget> read_target(std::string_view target);

/// Percent-decoding alone. `plus`: a '+' is a blank, as in forms. Nothing for a malformed escape.
std::optional<std::string> percent_decoded(std::string_view text, bool plus);
/// A path as it may stand in a field: everything but slashes and what RFC 3986, 3.3 allows in a segment is escaped.
std::string percent_encoded(std::string_view path);

}  // namespace poe
