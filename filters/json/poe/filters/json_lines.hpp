// SPDX-License-Identifier: MIT
//
// JsonLinesFilter: one JSON value a line (jsonlines.org, ndjson). A record is the text of a line, value() what it says.
// Part of poe::json, which needs nlohmann-json. Not thread-safe, as every Filter.
//
//     auto& json = static_cast<poe::JsonLinesFilter&>(wheel.input_filter());   // in the handler of a record
//     std::string text;
//     json.encode_value({{"echo", json.value()}}, text);                       // then put the text: it is framed
#pragma once

#include <nlohmann/json.hpp>

#include "poe/filters/filter.hpp"
#include "poe/filters/line.hpp"

namespace poe {

struct JsonLimits {
  JsonLimits() = default;

  std::size_t max_depth = 64;                       ///< arrays and objects within one another, both ways
  std::size_t max_length = std::size_t{1} << 20;    ///< octets of one value on the wire
  std::size_t max_elements = std::size_t{1} << 20;  ///< values within one value
};

/// @name Reading and writing one value, with limits
/// Why not nlohmann::json itself: its CBOR reader and its writers recurse until the stack ends (issue 5104 there).
/// Errors: Errc::protocol for what is malformed, Errc::limit, Errc::invalid_argument for a value that cannot be
/// written (a string that is not UTF-8, too deep).
/// @{
POE_API Result<nlohmann::json> read_json(std::string_view text, const JsonLimits& limits = JsonLimits());
POE_API Result<nlohmann::json> read_cbor(std::string_view bytes, const JsonLimits& limits = JsonLimits());
POE_API Result<std::string> write_json(const nlohmann::json& value, const JsonLimits& limits = JsonLimits());
POE_API Result<std::string> write_cbor(const nlohmann::json& value, const JsonLimits& limits = JsonLimits());
/// @}

class POE_API JsonLinesFilter final : public Filter {
 public:
  explicit JsonLinesFilter(JsonLimits limits = JsonLimits());

  /// What the record delivered last says; valid as long as its view.
  const nlohmann::json& value() const noexcept { return value_; }
  /// Appends a value and its line end, ready for the wire.
  Result<void> encode_value(const nlohmann::json& value, std::string& out);

  void feed(std::string_view bytes) override { lines_.feed(bytes); }
  void keep() override { lines_.keep(); }
  /// Empty lines are skipped, CR before the LF is white space. A line that is no JSON is Errc::protocol, one over a
  /// limit Errc::limit; the next line follows.
  Result<std::optional<std::string_view>> next() override { return take(lines_.next(), false); }
  Result<std::optional<std::string_view>> finish() override { return take(lines_.finish(), true); }
  /// The record is JSON text; what is written is the same value on one line.
  Result<void> encode(std::string_view record, std::string& out) override;
  std::string take_pending() override { return lines_.take_pending(); }
  std::size_t pending_size() const noexcept override { return lines_.pending_size(); }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<JsonLinesFilter>(limits_); }
  void reset() noexcept override { lines_.reset(); }

 private:
  Result<std::optional<std::string_view>> take(Result<std::optional<std::string_view>> line, bool at_end);

  JsonLimits limits_;
  LineFilter lines_;
  nlohmann::json value_;
};

}  // namespace poe
