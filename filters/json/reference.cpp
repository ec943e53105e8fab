// SPDX-License-Identifier: MIT
#include "poe/filters/reference.hpp"

#include <utility>

#include "poe/filters/input_buffer.hpp"

namespace poe {

ReferenceFilter::ReferenceFilter(ReferenceOptions options) : options_(std::move(options)), blocks_(options_.framing) {}

Result<std::optional<std::string_view>> ReferenceFilter::take(Result<std::optional<std::string_view>> block) {
  let_go(unpacked_);
  value_ = nullptr;
  if (!block || !block->has_value()) return block;
  std::string_view cbor = **block;
  if (options_.codec) {
    auto plain = options_.codec->unpack(cbor, options_.limits.max_length);
    if (!plain) return failure(std::move(plain.error()));
    unpacked_ = std::move(*plain);
    cbor = unpacked_;
  }
  auto value = read_cbor(cbor, options_.limits);
  if (!value) return failure(std::move(value.error()));
  value_ = std::move(*value);
  return cbor;
}

Result<void> ReferenceFilter::pack(std::string_view cbor, std::string& out) {
  if (!options_.codec) return blocks_.encode(cbor, out);
  const auto packed = options_.codec->pack(cbor);
  if (!packed) return failure(packed.error());
  return blocks_.encode(*packed, out);
}

Result<void> ReferenceFilter::encode_value(const nlohmann::json& value, std::string& out) {
  const auto cbor = write_cbor(value, options_.limits);
  if (!cbor) return failure(cbor.error());
  return pack(*cbor, out);
}

Result<void> ReferenceFilter::encode(std::string_view record, std::string& out) {
  if (const auto value = read_cbor(record, options_.limits); !value) {
    return failure(Errc::invalid_argument, "encode", "a CBOR value", value.error().reason(), "use encode_value()");
  }
  return pack(record, out);
}

}  // namespace poe
