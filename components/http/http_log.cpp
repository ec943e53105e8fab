// SPDX-License-Identifier: MIT
#include "http_log.hpp"

#include <optional>
#include <string_view>

#include "http_date.hpp"

namespace poe {
namespace {

// As Apache does it: what a client chose neither ends its quotes nor speaks to the terminal of who reads the log.
void add_quoted(std::string_view text, std::string& line) {
  constexpr std::string_view kHex = "0123456789abcdef";
  line += '"';
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.append(1, '\\').append(1, c);
    } else if (octet < 0x20 || octet >= 0x7f) {
      line.append("\\x").append(1, kHex[octet >> 4U]).append(1, kHex[octet & 15U]);
    } else {
      line += c;
    }
  }
  line += '"';
}

void add_field(const HttpRequestHead* request, std::string_view name, std::string& line) {
  const auto value = request != nullptr ? request->fields.find(name) : std::nullopt;
  line += ' ';
  add_quoted(value.value_or("-"), line);
}

}  // namespace

std::string http_log_line(const HttpLogEntry& entry, bool combined) {
  const std::string host = entry.peer->host();
  std::string line = (host.empty() ? "-" : host) + " - - [" + log_date(entry.seconds) + "] ";
  const HttpRequestHead* const request = entry.request;
  add_quoted(
      request == nullptr ? "-" : request->method + " " + request->target + " HTTP/1." + std::to_string(request->minor),
      line);
  line += " " + std::to_string(entry.status) + " " + (entry.octets > 0 ? std::to_string(entry.octets) : "-");
  if (!combined) return line;
  add_field(request, "Referer", line);
  add_field(request, "User-Agent", line);
  return line;
}

}  // namespace poe
