// SPDX-License-Identifier: MIT
#include "http_text.hpp"

#include <algorithm>

namespace poe {

namespace {

constexpr HttpOctets kAuthority("-._~%!$&'()*+,;=:[]");

}  // namespace

tl::unexpected<Error> misuse(std::string why, std::string advice) {
  return failure(Errc::invalid_argument, "write", "an HTTP message", std::move(why), std::move(advice));
}

std::optional<std::uint64_t> whole_number(std::string_view digits) noexcept {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 63;
  std::uint64_t value = 0;
  if (digits.empty()) return std::nullopt;
  for (const char c : digits) {
    if (c < '0' || c > '9' || value > kMost / 10 - 1) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool is_target(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F && c != '#'; });
}

bool is_authority(std::string_view text) noexcept { return kAuthority.has_all(text); }

Result<void> write_fields(const HttpFields& fields, std::string& out) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const HttpField field = fields[i];
    if (!is_token(field.name) || !is_field_value(field.value)) {
      return failure(Errc::invalid_argument, "write",
                     "the HTTP field \"" + std::string(field.name.substr(0, 64)) + "\"",
                     "its name is no token or its value has a control character in it",
                     "do not pass on text from elsewhere unchecked: a line end in it would begin a field of its own");
    }
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return {};
}

std::string_view http_reason(int status) noexcept {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr Phrase kPhrases[] = {{100, "Continue"},
                                        {101, "Switching Protocols"},
                                        {103, "Early Hints"},
                                        {200, "OK"},
                                        {201, "Created"},
                                        {202, "Accepted"},
                                        {204, "No Content"},
                                        {206, "Partial Content"},
                                        {301, "Moved Permanently"},
                                        {302, "Found"},
                                        {303, "See Other"},
                                        {304, "Not Modified"},
                                        {307, "Temporary Redirect"},
                                        {308, "Permanent Redirect"},
                                        {400, "Bad Request"},
                                        {401, "Unauthorized"},
                                        {403, "Forbidden"},
                                        {404, "Not Found"},
                                        {405, "Method Not Allowed"},
                                        {408, "Request Timeout"},
                                        {409, "Conflict"},
                                        {410, "Gone"},
                                        {411, "Length Required"},
                                        {412, "Precondition Failed"},
                                        {413, "Content Too Large"},
                                        {414, "URI Too Long"},
                                        {415, "Unsupported Media Type"},
                                        {416, "Range Not Satisfiable"},
                                        {417, "Expectation Failed"},
                                        {426, "Upgrade Required"},
                                        {429, "Too Many Requests"},
                                        {431, "Request Header Fields Too Large"},
                                        {500, "Internal Server Error"},
                                        {501, "Not Implemented"},
                                        {502, "Bad Gateway"},
                                        {503, "Service Unavailable"},
                                        {504, "Gateway Timeout"},
                                        {505, "HTTP Version Not Supported"}};
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return {};
}

HttpFields& HttpFields::add(std::string_view name, std::string_view value) {
  Slice slice{};
  slice.name = static_cast<std::uint32_t>(text_.size());
  text_ += name;
  slice.value = static_cast<std::uint32_t>(text_.size());
  text_ += value;
  slice.end = static_cast<std::uint32_t>(text_.size());
  slices_.push_back(slice);
  return *this;
}

void HttpFields::clear() noexcept {
  text_.clear();
  slices_.clear();
}

HttpField HttpFields::operator[](std::size_t index) const noexcept {
  const Slice& slice = slices_[index];
  const std::string_view text = text_;
  return {text.substr(slice.name, slice.value - slice.name), text.substr(slice.value, slice.end - slice.value)};
}

std::optional<std::string_view> HttpFields::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < size(); ++i) {
    if (const HttpField field = (*this)[i]; same_name(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t HttpFields::count(std::string_view name) const noexcept {
  std::size_t found = 0;
  for (std::size_t i = 0; i < size(); ++i) found += same_name((*this)[i].name, name) ? 1 : 0;
  return found;
}

bool HttpFields::lists(std::string_view name, std::string_view token) const noexcept {
  for (std::size_t i = 0; i < size(); ++i) {
    const HttpField field = (*this)[i];
    if (!same_name(field.name, name)) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (same_name(trimmed(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

}  // namespace poe
