// SPDX-License-Identifier: MIT
#include "allow_list.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "environment.hpp"
#include "own_object.hpp"
#include "trusted_file.hpp"

namespace poe::host_room {

namespace {

constexpr std::size_t kDigits = 64;
constexpr std::size_t kLargest = 1 << 20;  // bytes; some 8000 lines

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string how_to_make(const std::string& path) { return "make it: sha256sum libpoe_loop_*.so >" + path; }

Refusal unusable(const std::string& path, std::string why, std::string tried, std::string advice) {
  return {Errc::untrusted, "the allow-list " + path + " cannot be used: " + std::move(why), std::move(tried),
          std::move(advice)};
}

/// The whole file; false with errno if it cannot be read, or EFBIG.
bool read_whole(int fd, std::string& text) {
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t count = ::read(fd, part.data(), part.size());
    if (count == 0) return true;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.append(part.data(), static_cast<std::size_t>(count));
    if (text.size() > kLargest) return errno = EFBIG, false;
  }
}

/// "<64 digits> <blank or *><name>", with a backslash in front if the name was escaped; coreutils, "md5sum invocation".
bool well_formed_line(std::string_view line) {
  if (line.starts_with('\\')) line.remove_prefix(1);
  if (line.size() <= kDigits + 2 || line[kDigits] != ' ') return false;
  if (line[kDigits + 1] != ' ' && line[kDigits + 1] != '*') return false;
  return std::all_of(line.begin(), line.begin() + kDigits, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::string lower(std::string_view digits) {
  std::string low(digits);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

}  // namespace

AllowList::AllowList(std::string path, Origin origin) : path_(std::move(path)) { unusable_ = read(origin); }

std::optional<Refusal> AllowList::read(Origin origin) {
  if (!path_.starts_with('/'))
    return unusable(path_, "a relative path would mean the current folder", "open it", "give the absolute path");
  const std::size_t slash = path_.rfind('/');
  const std::string folder = canonical(path_.substr(0, std::max<std::size_t>(slash, 1)));
  if (folder.empty())
    return unusable(path_, std::generic_category().message(errno), "open its folder", how_to_make(path_));
  auto opened = open_trusted(folder, base_name(path_), believed(origin), warnings_, "name the file itself");
  if (!opened) {
    const Refusal& r = opened.error();
    return unusable(path_, r.why, r.tried, r.code == Errc::untrusted ? r.advice : how_to_make(path_));
  }
  for (std::string& warning : warnings_) warning = "the allow-list " + path_ + ": " + warning;
  std::string text;
  if (!read_whole(opened->fd.get(), text))
    return unusable(path_, std::generic_category().message(errno), "read it", how_to_make(path_));
  return parse(text);
}

std::optional<Refusal> AllowList::parse(const std::string& text) {
  constexpr const char* kTried = "read it as sha256sum's output";
  std::string_view rest(text);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.empty() || line.starts_with('#')) continue;  // as sha256sum --check
    if (!well_formed_line(line))
      return unusable(path_, "line " + std::to_string(number) + " is no \"<64 hexadecimal digits>  <file>\"", kTried,
                      how_to_make(path_));
    if (line.starts_with('\\')) line.remove_prefix(1);
    lines_.push_back({lower(line.substr(0, kDigits)), base_name(std::string(line.substr(kDigits + 2)))});
  }
  if (lines_.empty()) return unusable(path_, "there is no line in it", kTried, how_to_make(path_));
  return std::nullopt;
}

bool AllowList::names(const std::string& file) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) { return line.file == file; });
}

// The content alone decides: a file may be renamed, and its note says which loop it is.
std::optional<Refusal> AllowList::objection(const Digest& digest, const std::string& file) const {
  if (unusable_) return unusable_;
  const std::string is = hex(digest);
  if (std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) { return line.digest == is; }))
    return std::nullopt;
  const bool changed = names(base_name(file));
  return Refusal{Errc::untrusted,
                 changed ? "its content is not what the allow-list " + path_ + " has under its name"
                         : "it is not in the allow-list " + path_,
                 "compare its SHA-256, " + is,
                 changed ? "put the listed file back, or list this one, if you trust it: sha256sum " + file
                         : "if you trust it: sha256sum " + file + " >>" + path_};
}

std::vector<AllowList> allow_lists(const std::string& given) {
  std::vector<AllowList> lists;
  if (!given.empty()) lists.emplace_back(given, Origin::argument);
  if (const std::string path = environment("POE_LOOP_ALLOW"); !path.empty())
    lists.emplace_back(path, Origin::environment);
  return lists;
}

}  // namespace poe::host_room
