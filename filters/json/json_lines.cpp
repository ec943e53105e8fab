// SPDX-License-Identifier: MIT
#include "poe/filters/json_lines.hpp"

namespace poe {

namespace {

LineOptions lines_for(const JsonLimits& limits) {
  LineOptions options;
  options.max_length = limits.max_length;
  return options;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

JsonLinesFilter::JsonLinesFilter(JsonLimits limits) : limits_(limits), lines_(lines_for(limits)) {}

Result<std::optional<std::string_view>> JsonLinesFilter::take(Result<std::optional<std::string_view>> line,
                                                              bool at_end) {
  value_ = nullptr;
  while (line && line->has_value() && is_blank(**line)) line = at_end ? lines_.finish() : lines_.next();
  if (!line || !line->has_value()) return line;
  auto value = read_json(**line, limits_);
  if (!value) return failure(std::move(value.error()));
  value_ = std::move(*value);
  return line;
}

Result<void> JsonLinesFilter::encode_value(const nlohmann::json& value, std::string& out) {
  const auto text = write_json(value, limits_);
  if (!text) return failure(text.error());
  return lines_.encode(*text, out);
}

Result<void> JsonLinesFilter::encode(std::string_view record, std::string& out) {
  const auto value = read_json(record, limits_);
  if (!value) return failure(Errc::invalid_argument, "encode", "a JSON line", value.error().reason(), "put JSON text");
  return encode_value(*value, out);
}

}  // namespace poe
