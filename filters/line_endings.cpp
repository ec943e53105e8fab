// SPDX-License-Identifier: MIT
#include "line_endings.hpp"

#include <string.h>

#include <algorithm>
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

namespace {

// Two memchr over a short stretch at a time. Why: over the whole rest, a stream that has only one of CR and LF would
// be searched to its end for the other at every line.
std::size_t find_cr_or_lf(std::string_view text, std::size_t from) {
  constexpr std::size_t kStretch = 256;
  for (; from < text.size(); from += kStretch) {
    const char* start = text.data() + from;
    const std::size_t size = std::min(kStretch, text.size() - from);
    const void* lf = std::memchr(start, '\n', size);
    const std::size_t before = lf != nullptr ? static_cast<std::size_t>(static_cast<const char*>(lf) - start) : size;
    const void* cr = std::memchr(start, '\r', before);
    const void* hit = cr != nullptr ? cr : lf;
    if (hit != nullptr) return static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
  }
  return text.size();
}

EndingMatch find_newline(std::string_view text, std::size_t from) {
  const std::size_t at = find_cr_or_lf(text, from);
  if (at == text.size()) return {at, 0};
  const bool pair = at + 1 < text.size() && text[at + 1] == (text[at] == '\r' ? '\n' : '\r');
  return {at, pair ? std::size_t{2} : std::size_t{1}};
}

}  // namespace

EndingMatch LineEndings::find_slowly(std::string_view text, std::size_t from, bool at_end) const {
  if (kind_ == Kind::newline) return find_newline(text, from);
  if (kind_ == Kind::literal) return find_literal(text, from, at_end);
  return find_one_of(text, from, at_end);
}

EndingMatch LineEndings::find_literal(std::string_view text, std::size_t from, bool at_end) const {
  const std::string& ending = texts_.front();
  // memmem takes linear time whatever the bytes are, unlike std::string_view::find.
  const void* hit =
      from < text.size() ? ::memmem(text.data() + from, text.size() - from, ending.data(), ending.size()) : nullptr;
  if (hit != nullptr) return {static_cast<std::size_t>(static_cast<const char*>(hit) - text.data()), ending.size()};
  if (at_end) return {text.size(), 0};
  const std::size_t tail = std::min(ending.size() - 1, text.size());  // the ending may begin here and go on
  return {std::max(from, text.size() - tail), 0};
}

EndingMatch LineEndings::find_one_of(std::string_view text, std::size_t from, bool at_end) const {
  for (std::size_t at = from; at < text.size(); ++at) {
    at = text.find_first_of(first_octets_, at);
    if (at == std::string_view::npos) break;
    const std::string_view rest = text.substr(at);
    for (const std::string& ending : texts_) {  // longest first
      if (rest.starts_with(ending)) return {at, ending.size()};
      if (!at_end && std::string_view(ending).starts_with(rest)) return {at, 0};  // may still become this one
    }
  }
  return {text.size(), 0};
}

}  // namespace poe
