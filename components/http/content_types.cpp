// SPDX-License-Identifier: MIT
//
// Why a table: /etc/mime.types differs from machine to machine, or is not there.
#include "content_types.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace poe {
namespace {

using Row = std::pair<std::string_view, std::string_view>;

constexpr auto kTypes = std::to_array<Row>({
    {"avif", "image/avif"},
    {"bin", "application/octet-stream"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/vnd.microsoft.icon"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"ogg", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xml", "application/xml"},
    {"zip", "application/zip"},
});

}  // namespace

std::string_view content_type_of(std::string_view extension) noexcept {
  const auto at = std::find_if(kTypes.begin(), kTypes.end(), [&](const Row& row) { return row.first == extension; });
  return at == kTypes.end() ? std::string_view() : at->second;
}

}  // namespace poe
