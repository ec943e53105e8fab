// SPDX-License-Identifier: MIT
#define PCRE2_CODE_UNIT_WIDTH 8
#include "poe/filters/regexp_lines.hpp"

#include <pcre2.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace poe {

namespace {

constexpr std::size_t kMostLongest = std::size_t{64} << 10;

struct Free {
  void operator()(pcre2_code* code) const noexcept { pcre2_code_free(code); }
  void operator()(pcre2_compile_context* context) const noexcept { pcre2_compile_context_free(context); }
  void operator()(pcre2_match_context* context) const noexcept { pcre2_match_context_free(context); }
  void operator()(pcre2_match_data* data) const noexcept { pcre2_match_data_free(data); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

template <class T>
Owned<T> there(T* made) {
  if (made == nullptr) throw std::bad_alloc();
  return Owned<T>(made);
}

tl::unexpected<Error> refused(std::string_view pattern, std::string why, std::string advice) {
  return failure(Errc::invalid_argument, "compile a regular expression", "\"" + std::string(pattern) + "\"",
                 std::move(why), std::move(advice));
}

/// What in a pattern is about more than the octets behind a place; empty: nothing.
std::string_view not_allowed(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view two = pattern.substr(i, 2);
    if (two == "(*" || two == "\\A" || two == "\\G" || two == "\\K") return two;
    if (two.front() == '^') return two.substr(0, 1);
    if (two.front() == '\\' || two == "[^") ++i;
  }
  return {};
}

class Regexp final : public LinePattern {
 public:
  Regexp(Owned<pcre2_code> code, RegexpLimits limits)
      : code_(std::move(code)),
        context_(there(pcre2_match_context_create(nullptr))),
        longest_(std::clamp<std::size_t>(limits.longest, 1, kMostLongest)) {
    pcre2_set_match_limit(context_.get(), limits.steps);
    pcre2_set_heap_limit(context_.get(), 1024);  // KiB
  }

  std::size_t longest() const noexcept override { return longest_; }

  // A stretch at a time, which may only tell of a place where something seems to begin: what is found there, or
  // whether more would be needed, is asked with the octets that count for that place alone.
  LineMatch find(std::string_view text, std::size_t from, bool at_end) const override {
    const auto data = there(pcre2_match_data_create(1, nullptr));
    std::size_t one_by_one = 0;  // up to here: one of the places takes too long
    for (std::size_t at = from; at < text.size();) {
      if (at >= one_by_one) {
        const std::string_view stretch = text.substr(0, std::min(text.size(), at + 2 * longest_));
        const auto place = look_over(*data, stretch, at, at_end && stretch.size() == text.size());
        if (!place) one_by_one = stretch.size();
        at = place.value_or(at);
        if (at == stretch.size()) continue;
      }
      const std::string_view seen = text.substr(0, std::min(text.size(), at + longest_));
      const bool all_seen = seen.size() == at + longest_;
      const int here = match(*data, seen, at, at_end && !all_seen, PCRE2_ANCHORED);
      if (here >= 0) return {at, pcre2_get_ovector_pointer(data.get())[1] - at};
      if (here == PCRE2_ERROR_PARTIAL && !all_seen) return {at, 0};
      ++at;
    }
    return {text.size(), 0};
  }

 private:
  // Where an ending seems to begin; the end of the text: nowhere; nothing: at one of the places it takes too long.
  std::optional<std::size_t> look_over(pcre2_match_data& data, std::string_view text, std::size_t from,
                                       bool at_end) const {
    const int found = match(data, text, from, at_end, 0);
    if (found == PCRE2_ERROR_NOMATCH) return text.size();
    if (found >= 0 || found == PCRE2_ERROR_PARTIAL) return pcre2_get_ovector_pointer(&data)[0];
    return std::nullopt;
  }

  // As pcre2_match(3). Not at the end: partial as soon as what follows would be looked at.
  int match(pcre2_match_data& data, std::string_view text, std::size_t from, bool at_end, std::uint32_t how) const {
    how |= PCRE2_NOTEMPTY | (at_end ? 0 : PCRE2_PARTIAL_HARD);
    const auto* octets = reinterpret_cast<PCRE2_SPTR>(text.data());
    const int code = pcre2_match(code_.get(), octets, text.size(), from, how, &data, context_.get());
    if (code == PCRE2_ERROR_NOMEMORY) throw std::bad_alloc();
    return code;
  }

  Owned<pcre2_code> code_;
  Owned<pcre2_match_context> context_;
  std::size_t longest_;
};

}  // namespace

Result<LineOptions> regexp_lines(std::string_view pattern, RegexpLimits limits) {
  if (const std::string_view bad = not_allowed(pattern); !bad.empty()) {
    return refused(pattern, "\"" + std::string(bad) + "\" is not allowed where it says what ends a line",
                   "write the pattern without it; as a text, or in a class, with a backslash: \\( or \\^");
  }
  const auto context = there(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);  // as in Perl, whatever the library was built for
  int number = 0;
  PCRE2_SIZE at = 0;
  const auto* octets = reinterpret_cast<PCRE2_SPTR>(pattern.data());
  // Without the second, what begins with .* would be looked for at the start of the text, or of its lines, only.
  constexpr std::uint32_t kHow = PCRE2_NEVER_UTF | PCRE2_NO_DOTSTAR_ANCHOR;
  Owned<pcre2_code> code(pcre2_compile(octets, pattern.size(), kHow, &number, &at, context.get()));
  if (!code) {
    char text[256] = {};
    pcre2_get_error_message(number, reinterpret_cast<PCRE2_UCHAR*>(text), sizeof text);
    return refused(pattern, std::string(text) + ", at octet " + std::to_string(at), "see pcre2pattern(3)");
  }
  std::uint32_t behind = 0;
  pcre2_pattern_info(code.get(), PCRE2_INFO_MAXLOOKBEHIND, &behind);
  if (behind != 0) {
    return refused(pattern, "it looks at what is before a line's ending", "write it without \\b, \\B and look-behind");
  }
  return LineOptions::matching(std::make_shared<const Regexp>(std::move(code), limits));
}

}  // namespace poe
