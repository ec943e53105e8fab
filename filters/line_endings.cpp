// SPDX-License-Identifier: MIT
#include "line_endings.hpp"

#include <string.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace poe {

LineEndings::LineEndings(Kind kind, std::vector<std::string> texts, std::size_t longest)
    : kind_(kind), longest_(longest), texts_(std::move(texts)) {
  if (kind_ == Kind::octet) octet_ = texts_.front().front();
  for (const std::string& text : texts_) {
    if (first_octets_.find(text.front()) == std::string::npos) first_octets_ += text.front();
  }
}

LineEndings LineEndings::literal(std::string text) {
  const std::size_t size = text.size();
  return LineEndings(size == 1 ? Kind::octet : Kind::literal, {std::move(text)}, size);
}

LineEndings LineEndings::one_of(std::vector<std::string> texts) {
  if (texts.size() == 1) return literal(std::move(texts.front()));
  std::stable_sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  const std::size_t longest = texts.front().size();
  return LineEndings(Kind::one_of, std::move(texts), longest);
}

LineEndings LineEndings::matching(const LinePattern& pattern) {
  constexpr std::size_t kMost = std::size_t{1} << 30;  // so that sums with it cannot overflow
  LineEndings made(Kind::pattern, {}, std::clamp<std::size_t>(pattern.longest(), 1, kMost));
  made.pattern_ = &pattern;
  return made;
}

namespace {

const char* find_octet(char octet, const char* start, std::size_t size) {
  return static_cast<const char*>(std::memchr(start, octet, size));
}

// The first of some octets, by memchr over a short stretch at a time. Why: over the whole rest, a stream that has only
// one of CR and LF would be searched to its end for the other at every line.
std::size_t find_any(std::string_view octets, std::string_view text, std::size_t from) {
  constexpr std::size_t kStretch = 256;
  for (; from < text.size(); from += kStretch) {
    const char* const start = text.data() + from;
    std::size_t size = std::min(kStretch, text.size() - from);
    const char* hit = nullptr;
    for (const char octet : octets) {
      if (const char* earlier = find_octet(octet, start, size)) {
        hit = earlier;
        size = static_cast<std::size_t>(earlier - start);
      }
    }
    if (hit != nullptr) return static_cast<std::size_t>(hit - text.data());
  }
  return text.size();
}

LineMatch find_newline(std::string_view text, std::size_t from) {
  const std::size_t at = find_any("\n\r", text, from);
  if (at == text.size()) return {at, 0};
  const bool pair = at + 1 < text.size() && text[at + 1] == (text[at] == '\r' ? '\n' : '\r');
  return {at, pair ? std::size_t{2} : std::size_t{1}};
}

// By the last octet: faster than memmem on text, but its time is length times size, so for short endings only.
const char* find_short(std::string_view ending, std::string_view text) {
  const std::size_t before = ending.size() - 1;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data() + before; at < end; ++at) {
    at = find_octet(ending.back(), at, static_cast<std::size_t>(end - at));
    if (at == nullptr) return nullptr;
    if (std::memcmp(at - before, ending.data(), before) == 0) return at - before;
  }
  return nullptr;
}

const char* find_text(std::string_view ending, std::string_view text) {
  constexpr std::size_t kShort = 16;
  if (text.size() < ending.size()) return nullptr;
  if (ending.size() <= kShort) return find_short(ending, text);
  return static_cast<const char*>(::memmem(text.data(), text.size(), ending.data(), ending.size()));
}

}  // namespace

LineMatch LineEndings::find_slowly(std::string_view text, std::size_t from, bool at_end) const {
  if (kind_ == Kind::newline) return find_newline(text, from);
  if (kind_ == Kind::literal) return find_literal(text, from, at_end);
  if (kind_ == Kind::pattern) return pattern_->find(text, from, at_end);
  return find_one_of(text, from, at_end);
}

LineMatch LineEndings::find_literal(std::string_view text, std::size_t from, bool at_end) const {
  const std::string& ending = texts_.front();
  const char* hit = from < text.size() ? find_text(ending, text.substr(from)) : nullptr;
  if (hit != nullptr) return {static_cast<std::size_t>(hit - text.data()), ending.size()};
  if (at_end) return {text.size(), 0};
  const std::size_t tail = std::min(ending.size() - 1, text.size());  // the ending may begin here and go on
  return {std::max(from, text.size() - tail), 0};
}

LineMatch LineEndings::find_one_of(std::string_view text, std::size_t from, bool at_end) const {
  for (std::size_t at = from; at < text.size(); ++at) {
    at = find_any(first_octets_, text, at);
    if (at == text.size()) break;
    const std::string_view rest = text.substr(at);
    for (const std::string& ending : texts_) {  // longest first
      if (rest.starts_with(ending)) return {at, ending.size()};
      if (!at_end && std::string_view(ending).starts_with(rest)) return {at, 0};  // may still become this one
    }
  }
  return {text.size(), 0};
}

}  // namespace poe
