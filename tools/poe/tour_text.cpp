// SPDX-License-Identifier: MIT
#include "tour_text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace poe::tool {

namespace {

constexpr std::uintmax_t kLeastDefault = 30'000;
constexpr std::uintmax_t kMost = 256u << 20;

Result<std::string> default_path() {
  static constexpr std::array<const char*, 4> kLicences = {
      "/usr/share/common-licenses/GPL-3", "/usr/share/common-licenses/GPL-3.0", "/usr/share/doc/gcc-12-base/copyright",
      "/usr/share/licenses/common/GPL3/license.txt"};
  for (const char* path : kLicences) {
    std::error_code none;
    const auto size = std::filesystem::file_size(path, none);
    if (!none && size >= kLeastDefault) return path;
  }
  return failure(Errc::invalid_argument, "find a text for the tour", "in /usr/share/common-licenses",
                 "no licence text of 30 kB or more is installed", "name a text file: poe tour --file README.md");
}

}  // namespace

std::string numbered(std::size_t number, std::string_view line) {
  std::string reply = std::to_string(number) + " ";
  reply += line;
  reply += '\n';
  return reply;
}

Result<TourText> tour_text(const std::string& asked) {
  TourText text;
  text.path = asked;
  if (asked.empty()) {
    auto found = default_path();
    if (!found) return failure(found.error());
    text.path = *found;
  }
  std::error_code trouble;
  const auto size = std::filesystem::file_size(text.path, trouble);
  if (trouble) return system_failure(trouble.value(), "read", text.path, "name a readable text file with --file");
  if (size == 0 || size > kMost) {
    return failure(Errc::invalid_argument, "use", text.path, size == 0 ? "it is empty" : "it is larger than 256 MiB",
                   "name another text file with --file");
  }
  std::ifstream file(text.path, std::ios::binary);
  std::ostringstream all;
  if (!(all << file.rdbuf())) return system_failure(errno, "read", text.path, "name a readable text file with --file");
  text.sent = std::move(all).str();
  if (text.sent.back() != '\n') text.sent += '\n';
  std::istringstream lines(text.sent);
  for (std::string line; std::getline(lines, line);) {
    text.expected += numbered(++text.lines, line);
    text.longest = std::max(text.longest, line.size());
  }
  return text;
}

}  // namespace poe::tool
