// SPDX-License-Identifier: MIT
#include "http_path.hpp"

#include <vector>

namespace poe {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The octet that the escape at the front of `text` stands for, or -1.
int escaped_octet(std::string_view text) {
  if (text.size() < 3) return -1;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool hides_structure(std::string_view path) {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    const int octet = escaped_octet(path.substr(at));
    if (octet == '/' || octet == 0) return true;
  }
  return false;
}

// RFC 3986, 5.2.4; ".." at the top stays there.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool folder = false;  // the last segment was a dot segment: what is left is a folder
  std::size_t at = 1;
  for (;;) {
    const std::size_t end = path.find('/', at);
    const std::string_view segment = path.substr(at, end == std::string_view::npos ? end : end - at);
    folder = segment == "." || segment == "..";
    if (!folder) kept.push_back(segment);
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  std::string clean;
  for (const std::string_view segment : kept) clean.append("/").append(segment);
  if (folder || clean.empty()) clean += '/';
  return clean;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int octet = escaped_octet(text.substr(i));
      if (octet < 0) return std::nullopt;
      decoded += static_cast<char>(octet);
      i += 2;
    }
  }
  return decoded;
}

std::string percent_encoded(std::string_view path) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/!$&'()*+,;=:@";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      encoded.append("%").append(1, kHex[octet >> 4U]).append(1, kHex[octet & 15U]);
    }
  }
  return encoded;
}

std::optional<HttpTarget> read_target(std::string_view target) {
  HttpTarget parts;
  if (target == "*") {
    parts.path = "*";
    return parts;
  }
  if (!target.starts_with('/')) {  // "http://host/path": its host is the same as the field's or does not matter
    const std::size_t host = target.find("://");
    if (host == std::string_view::npos) return std::nullopt;
    const std::size_t path = target.find_first_of("/?", host + 3);
    target = path == std::string_view::npos ? std::string_view() : target.substr(path);
  }
  const std::size_t mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  if (mark != std::string_view::npos) parts.query = target.substr(mark + 1);
  if (path.empty()) path = "/";
  if (hides_structure(path)) return std::nullopt;
  const auto decoded = percent_decoded(path, false);
  if (!decoded) return std::nullopt;
  parts.path = without_dots(*decoded);
  return parts;
}

}  // namespace poe
