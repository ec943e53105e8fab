// SPDX-License-Identifier: MIT
#include "wide_text.hpp"

#include <algorithm>
#include <climits>
#include <cwchar>

namespace poe {
namespace {

constexpr auto kBad = static_cast<std::size_t>(-1);
constexpr auto kPart = static_cast<std::size_t>(-2);

// How many octets the character at the front has; kBad, kPart. A state for each: the encodings of terminals have none.
std::size_t decode(std::string_view text, wchar_t& character) {
  std::mbstate_t state{};
  const std::size_t size = std::mbrtowc(&character, text.data(), text.size(), &state);
  return size == 0 ? 1 : size;  // NUL
}

}  // namespace

std::wstring to_wide(std::string_view text) {
  std::wstring wide;
  while (!text.empty()) {
    wchar_t character = 0;
    const std::size_t size = decode(text, character);
    if (size < kPart) wide.push_back(character);
    text.remove_prefix(size < kPart ? size : 1);
  }
  return wide;
}

std::string to_narrow(std::wstring_view text) {
  std::string narrow;
  for (const wchar_t character : text) {
    char octets[MB_LEN_MAX];
    std::mbstate_t state{};
    const std::size_t size = std::wcrtomb(octets, character, &state);
    if (size != kBad) narrow.append(octets, size);
  }
  return narrow;
}

void KeyQueue::add(std::string_view octets) {
  if (taken_ > octets_.size() / 2) {
    const auto rest = std::move(octets_.begin() + static_cast<std::ptrdiff_t>(taken_), octets_.end(), octets_.begin());
    std::fill(rest, octets_.end(), '\0');
    octets_.erase(rest, octets_.end());
    taken_ = 0;
  }
  octets_.append(octets);
}

std::optional<wchar_t> KeyQueue::next() {
  while (size() > 0) {
    wchar_t character = 0;
    const std::size_t used = decode(std::string_view(octets_).substr(taken_), character);
    if (used == kPart && size() < MB_LEN_MAX) return std::nullopt;
    drop(used < kPart ? used : 1);
    if (used < kPart) return character;
  }
  return std::nullopt;
}

std::optional<std::string> KeyQueue::next_line(bool ended) {
  const std::size_t end = octets_.find('\n', taken_);
  if (end == std::string::npos && (!ended || size() == 0)) return std::nullopt;
  std::string line = octets_.substr(taken_, end == std::string::npos ? end : end - taken_);
  drop(std::min(line.size() + 1, size()));
  return line;
}

void KeyQueue::drop(std::size_t count) {
  std::fill_n(octets_.begin() + static_cast<std::ptrdiff_t>(taken_), count, '\0');
  taken_ += count;
  if (taken_ == octets_.size()) clear();
}

void KeyQueue::clear() noexcept {
  std::fill(octets_.begin(), octets_.end(), '\0');
  octets_.clear();
  taken_ = 0;
}

}  // namespace poe
