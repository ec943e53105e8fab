// SPDX-License-Identifier: MIT
//
// ReferenceFilter: values between programs (POE::Filter::Reference): CBOR (RFC 8949) in blocks behind their length,
// compressed if asked. POE thaws Perl's Storable, which can make any object and must not see a stranger's bytes; this
// makes plain values only, within limits. Part of poe::json. Not thread-safe, as every Filter.
//
//     auto& objects = static_cast<poe::ReferenceFilter&>(wheel.input_filter());   // in the handler of a record
//     std::string text;
//     objects.encode_value({{"sum", objects.value().at("a").get<int>() + 1}}, text);
#pragma once

#include <memory>

#include "poe/filters/block.hpp"
#include "poe/filters/codec.hpp"
#include "poe/filters/json_lines.hpp"

namespace poe {

struct ReferenceOptions {
  ReferenceOptions() : framing() {}

  /// How blocks are framed: POE's digits and a NUL. Its max_length is the packed size, 16 MiB by default.
  BlockOptions framing;
  /// How each value is packed, such as compression_codec() of poe::compress; null: as it is. POE's Compression.
  std::shared_ptr<const Codec> codec = nullptr;
  /// max_length is the unpacked size.
  JsonLimits limits = JsonLimits();
};

class POE_API ReferenceFilter final : public Filter {
 public:
  explicit ReferenceFilter(ReferenceOptions options = ReferenceOptions());

  /// The record delivered last as a value; valid as long as its view.
  const nlohmann::json& value() const noexcept { return value_; }
  /// Appends a value as a block, ready for the wire.
  Result<void> encode_value(const nlohmann::json& value, std::string& out);

  void feed(std::string_view bytes) override { blocks_.feed(bytes); }
  void keep() override { blocks_.keep(); }
  /// The record is the value's CBOR. What is no value is Errc::protocol, what is over a limit Errc::limit, and the next
  /// block follows: POE's NoFatals gave the error's text as if it were a value.
  Result<std::optional<std::string_view>> next() override { return take(blocks_.next()); }
  Result<std::optional<std::string_view>> finish() override { return take(blocks_.finish()); }
  /// The record is CBOR, and is checked.
  Result<void> encode(std::string_view record, std::string& out) override;
  std::string take_pending() override { return blocks_.take_pending(); }
  std::size_t pending_size() const noexcept override { return blocks_.pending_size(); }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<ReferenceFilter>(options_); }
  void reset() noexcept override { blocks_.reset(); }

 private:
  Result<std::optional<std::string_view>> take(Result<std::optional<std::string_view>> block);
  Result<void> pack(std::string_view cbor, std::string& out);

  ReferenceOptions options_;
  BlockFilter blocks_;
  std::string unpacked_;
  nlohmann::json value_;
};

}  // namespace poe
