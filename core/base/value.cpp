// SPDX-License-Identifier: MIT
#include "poe/value.hpp"

#include <array>
#include <cstdio>

namespace poe {

const Value::List* Value::as_list() const noexcept {
  const auto* list = std::get_if<std::shared_ptr<const List>>(&data_);
  return list != nullptr ? list->get() : nullptr;
}

const Value::Map* Value::as_map() const noexcept {
  const auto* map = std::get_if<std::shared_ptr<const Map>>(&data_);
  return map != nullptr ? map->get() : nullptr;
}

std::string_view Value::kind() const noexcept {
  static constexpr std::array<std::string_view, 9> kNames = {"null",  "bool", "int", "double", "string",
                                                             "bytes", "list", "map", "opaque"};
  return kNames[data_.index()];
}

bool operator==(const Value& a, const Value& b) {
  if (a.data_.index() != b.data_.index()) return false;
  if (const auto* list = a.as_list()) return *list == *b.as_list();
  if (const auto* map = a.as_map()) return *map == *b.as_map();
  return a.data_ == b.data_;
}

namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escaped[5];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_text(std::string& out, const Value& value, std::size_t limit);

template <class Items, class Each>
void append_items(std::string& out, const Items& items, std::size_t limit, char open, char close, Each each) {
  out += open;
  bool first = true;
  for (const auto& item : items) {
    if (out.size() > limit) break;
    if (!std::exchange(first, false)) out += ", ";
    each(item);
  }
  out += close;
}

void append_number(std::string& out, double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", number);
  out += text;
}

void append_bytes(std::string& out, const Value::Bytes& bytes, std::size_t limit) {
  out += "0x";
  for (const std::byte b : bytes) {
    if (out.size() > limit) break;
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02x", static_cast<unsigned>(b));
    out += pair;
  }
}

void append_text(std::string& out, const Value& value, std::size_t limit) {
  if (const bool* b = value.as_bool()) {
    out += *b ? "true" : "false";
  } else if (const std::int64_t* i = value.as_int()) {
    out += std::to_string(*i);
  } else if (const double* d = value.as_double()) {
    append_number(out, *d);
  } else if (const std::string* s = value.as_string()) {
    append_quoted(out, std::string_view(*s).substr(0, limit));
  } else if (const Value::Bytes* bytes = value.as_bytes()) {
    append_bytes(out, *bytes, limit);
  } else if (const Value::List* list = value.as_list()) {
    append_items(out, *list, limit, '[', ']', [&](const Value& item) { append_text(out, item, limit); });
  } else if (const Value::Map* map = value.as_map()) {
    append_items(out, *map, limit, '{', '}', [&](const auto& item) {
      append_quoted(out, item.first);
      out += ": ";
      append_text(out, item.second, limit);
    });
  } else if (const Value::Opaque* opaque = value.as_opaque()) {
    out += "<" + opaque->type + ">";
  } else {
    out += "null";
  }
}

}  // namespace

std::string Value::to_text(std::size_t limit) const {
  std::string out;
  append_text(out, *this, limit);
  if (out.size() > limit) {
    while (limit > 0 && (out[limit] & 0xC0) == 0x80) --limit;  // not inside a UTF-8 character
    out.resize(limit);
    out += "…";
  }
  return out;
}

}  // namespace poe
