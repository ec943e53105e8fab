// SPDX-License-Identifier: MIT
//
// The depth- and size-limited readers and writers.
#include <exception>
#include <vector>

#include "poe/filters/json_lines.hpp"

namespace poe {

namespace {

using nlohmann::json;
using Dom = nlohmann::detail::json_sax_dom_parser<json>;

// Builds the value, and stops the parser as soon as a limit is passed: before the parser, which recurses for CBOR, goes
// any deeper, and before a container that claims to be huge is given room.
class Limited {
 public:
  Limited(json& value, const JsonLimits& limits, std::size_t input)
      : dom_(value, false), limits_(limits), input_(input) {}

  bool null() { return one() && dom_.null(); }
  bool boolean(bool v) { return one() && dom_.boolean(v); }
  bool number_integer(json::number_integer_t v) { return one() && dom_.number_integer(v); }
  bool number_unsigned(json::number_unsigned_t v) { return one() && dom_.number_unsigned(v); }
  bool number_float(json::number_float_t v, const std::string& text) { return one() && dom_.number_float(v, text); }
  bool string(std::string& v) { return one() && dom_.string(v); }
  bool binary(json::binary_t& v) { return one() && dom_.binary(v); }
  bool start_object(std::size_t size) { return begin(size) && dom_.start_object(size); }
  bool key(std::string& v) { return dom_.key(v); }
  bool end_object() { return --depth_, dom_.end_object(); }
  bool start_array(std::size_t size) { return begin(size) && dom_.start_array(size); }
  bool end_array() { return --depth_, dom_.end_array(); }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception& error) {
    why_ = "it is malformed at octet " + std::to_string(at) + ": " + error.what();
    return false;
  }

  const std::string& limit() const noexcept { return limit_; }
  const std::string& why() const noexcept { return why_; }

 private:
  bool one() {
    if (++elements_ <= limits_.max_elements) return true;
    limit_ = "it has more than " + std::to_string(limits_.max_elements) + " values in it";
    return false;
  }
  bool begin(std::size_t size) {
    if (++depth_ > limits_.max_depth) {
      limit_ = "it is deeper than " + std::to_string(limits_.max_depth);
      return false;
    }
    if (size != static_cast<std::size_t>(-1) && size > input_) {  // each element takes an octet at least
      why_ = "it claims more elements than it has octets";
      return false;
    }
    return one();
  }

  Dom dom_;
  const JsonLimits& limits_;
  std::size_t input_;
  std::size_t depth_ = 0;
  std::size_t elements_ = 0;
  std::string limit_;
  std::string why_;
};

tl::unexpected<Error> too_large(const char* tried, std::string why) {
  return failure(Errc::limit, tried, "a value", std::move(why),
                 "raise the limit in JsonLimits if such values are wanted");
}

Result<json> read(std::string_view bytes, const JsonLimits& limits, json::input_format_t format) {
  if (bytes.size() > limits.max_length) {
    return too_large("read", "it is longer than " + std::to_string(limits.max_length) + " octets");
  }
  json value;
  Limited limited(value, limits, bytes.size());
  std::string why;
  try {
    if (json::sax_parse(bytes.begin(), bytes.end(), &limited, format)) return value;
    why = limited.why().empty() ? "it is malformed" : limited.why();
  } catch (const std::exception& error) {  // an absurd size throws even where exceptions are off
    why = error.what();
  }
  if (!limited.limit().empty()) return too_large("read", limited.limit());
  return failure(Errc::protocol, "read", "a value", std::move(why), "it is dropped");
}

// The writers recurse; this does not.
bool deeper_than(const json& value, std::size_t most) {
  struct Level {
    json::const_iterator at;
    json::const_iterator end;
  };
  std::vector<Level> open;
  const auto enter = [&](const json& inner) {
    if (inner.is_structured()) open.push_back({inner.begin(), inner.end()});
    return open.size() <= most;
  };
  if (!enter(value)) return true;
  while (!open.empty()) {
    if (open.back().at == open.back().end) {
      open.pop_back();
      continue;
    }
    const json& inner = *open.back().at;
    ++open.back().at;
    if (!enter(inner)) return true;
  }
  return false;
}

template <class Write>
Result<std::string> write(const json& value, const JsonLimits& limits, Write how) {
  if (deeper_than(value, limits.max_depth)) {
    return too_large("write", "it is deeper than " + std::to_string(limits.max_depth));
  }
  std::string out;
  try {
    how(out);
  } catch (const std::exception& error) {
    return failure(Errc::invalid_argument, "write", "a value", error.what(),
                   "strings must be UTF-8; use binary() else");
  }
  if (out.size() <= limits.max_length) return out;
  return too_large("write", "it is longer than " + std::to_string(limits.max_length) + " octets");
}

}  // namespace

Result<json> read_json(std::string_view text, const JsonLimits& limits) {
  return read(text, limits, json::input_format_t::json);
}

Result<json> read_cbor(std::string_view bytes, const JsonLimits& limits) {
  return read(bytes, limits, json::input_format_t::cbor);
}

Result<std::string> write_json(const json& value, const JsonLimits& limits) {
  return write(value, limits, [&](std::string& out) { out = value.dump(); });
}

Result<std::string> write_cbor(const json& value, const JsonLimits& limits) {
  return write(value, limits, [&](std::string& out) { json::to_cbor(value, out); });
}

}  // namespace poe
