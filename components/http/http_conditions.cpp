// SPDX-License-Identifier: MIT
#include "http_conditions.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "http_date.hpp"
#include "poe/filters/http_text.hpp"

namespace poe {
namespace {

// Whether a list of entity tags, `W/"a", "b"` or `*`, has this one. Weak ones count only if `weak`.
bool has_tag(std::string_view list, std::string_view etag, bool weak) {
  if (trimmed(list) == "*") return true;
  for (list = trimmed(list); !list.empty(); list = trimmed(list)) {
    if (list.front() == ',') {
      list.remove_prefix(1);
      continue;
    }
    const bool is_weak = list.starts_with("W/");
    if (is_weak) list.remove_prefix(2);
    const std::size_t end = list.starts_with('"') ? list.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return false;  // no list of tags
    if (list.substr(0, end + 1) == etag && (weak || !is_weak)) return true;
    list.remove_prefix(end + 1);
  }
  return false;
}

// The same for all fields of that name; nothing if there is none.
std::optional<bool> tag_listed(const HttpFields& fields, std::string_view name, std::string_view etag, bool weak) {
  if (fields.count(name) == 0) return std::nullopt;
  if (fields.count(name) == 1) return has_tag(*fields.find(name), etag, weak);
  std::string all;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (same_name(fields[i].name, name)) all.append(fields[i].value).append(",");
  }
  return has_tag(all, etag, weak);
}

std::optional<std::int64_t> date_in(const HttpFields& fields, std::string_view name) {
  const auto text = fields.count(name) == 1 ? fields.find(name) : std::nullopt;
  return text ? parse_http_date(*text) : std::nullopt;
}

bool range_is_current(const HttpFields& fields, const HttpValidators& now_there, std::int64_t now) {
  const auto text = fields.find("If-Range");
  if (!text) return true;
  if (text->starts_with('"')) return *text == now_there.etag;
  return parse_http_date(*text) == now_there.modified && now_there.modified < now;
}

// Digits alone; a number that is too large is the largest one.
std::optional<std::uint64_t> number(std::string_view digits) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  std::uint64_t value = std::numeric_limits<std::uint64_t>::max();
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

HttpRange part(std::uint64_t first, std::uint64_t size) { return {HttpRange::Kind::part, first, size}; }

// "5-9", "5-" or "-5".
HttpRange one_range(std::string_view spec, std::uint64_t size) {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return {};
  const auto first = number(spec.substr(0, dash));
  const auto last = number(spec.substr(dash + 1));
  const bool open_end = dash + 1 == spec.size();
  const HttpRange nothing{HttpRange::Kind::unsatisfiable, 0, 0};
  if (dash == 0) {
    if (!last) return {};
    if (*last == 0) return nothing;
    return size == 0 ? HttpRange() : part(size - std::min(*last, size), std::min(*last, size));
  }
  if (!first || (!last && !open_end) || (last && *last < *first)) return {};
  if (*first >= size) return nothing;
  return part(*first, std::min(last.value_or(size - 1), size - 1) - *first + 1);
}

}  // namespace

int http_condition(const HttpRequestHead& request, const HttpValidators& now_there) {
  const HttpFields& fields = request.fields;
  if (const auto listed = tag_listed(fields, "If-Match", now_there.etag, false)) {
    if (!*listed) return 412;
  } else if (const auto since = date_in(fields, "If-Unmodified-Since")) {
    if (now_there.modified > *since) return 412;
  }
  if (const auto listed = tag_listed(fields, "If-None-Match", now_there.etag, true)) return *listed ? 304 : 200;
  const auto since = date_in(fields, "If-Modified-Since");
  return since && now_there.modified <= *since ? 304 : 200;
}

HttpRange http_range(const HttpRequestHead& request, const HttpValidators& now_there, std::uint64_t size,
                     std::int64_t now) {
  const HttpFields& fields = request.fields;
  if (request.method != "GET" || fields.count("Range") != 1) return {};
  if (!range_is_current(fields, now_there, now)) return {};
  if (!same_name(fields.find("Range")->substr(0, 6), "bytes=")) return {};
  const std::string_view spec = trimmed(fields.find("Range")->substr(6));
  if (spec.find(',') != std::string_view::npos) return {};
  return one_range(spec, size);
}

}  // namespace poe
