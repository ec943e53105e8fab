// SPDX-License-Identifier: MIT
//
// Fuzz target: what the HTTP server reads in a request by itself: the target, conditions, a range, dates.
// Needs poe::http. The sources are compiled in: these functions are private.
#include <algorithm>

#include "cut_check.hpp"
#include "http_conditions.hpp"
#include "http_date.hpp"
#include "http_path.hpp"

namespace {

using poe::fuzz::require;

void check_target(std::string_view text) {
  const bool has_nul = text.find('\0') != std::string_view::npos;  // HttpdFilter refuses it
  if (const auto target = poe::read_target(text)) {
    const std::string& path = target->path;
    require(path == "*" || path.starts_with('/'), "a path that does not begin at the root");
    require((path + "/").find("/../") == std::string::npos && (path + "/").find("/./") == std::string::npos,
            "a dot segment is left");
    require(has_nul || path.find('\0') == std::string::npos, "a NUL in a path");
    const auto again = poe::read_target(poe::percent_encoded(path));
    require(has_nul || path == "*" || (again && again->path == path), "the path does not come back");
  }
  (void)poe::percent_decoded(text, true);
  const auto decoded = poe::percent_decoded(poe::percent_encoded(text), false);
  require(decoded == std::string(text), "what was escaped does not come back");
}

void check_date(std::string_view text) {
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  if (const auto seconds = poe::parse_http_date(text); seconds && *seconds < kYear10000) {
    require(poe::parse_http_date(poe::http_date(*seconds)) == *seconds, "a date does not come back");
  }
}

void check_range(const poe::HttpRequestHead& head, const poe::HttpValidators& there, std::uint64_t size) {
  const poe::HttpRange range = poe::http_range(head, there, size, 2'000'000'000);
  if (range.kind != poe::HttpRange::Kind::part) return;
  require(range.size > 0 && range.size <= size && range.first <= size - range.size, "a range outside of the file");
}

// One field a line, its name by the first letter.
poe::HttpRequestHead head_of(std::string_view lines) {
  poe::HttpRequestHead head;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    if (line.empty()) continue;
    const char* const name = line[0] == 'm'   ? "If-Match"
                             : line[0] == 'n' ? "If-None-Match"
                             : line[0] == 's' ? "If-Modified-Since"
                             : line[0] == 'u' ? "If-Unmodified-Since"
                             : line[0] == 'i' ? "If-Range"
                                              : "Range";
    head.fields.add(name, line.substr(1));
  }
  return head;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_target(text);
  check_date(text);
  const poe::HttpRequestHead head = head_of(text);
  const poe::HttpValidators there{"\"tag\"", 784'111'777};
  const int status = poe::http_condition(head, there);
  require(status == 200 || status == 304 || status == 412, "no such outcome");
  for (const std::uint64_t octets : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{100}, UINT64_MAX}) {
    check_range(head, there, octets);
  }
  return 0;
}
