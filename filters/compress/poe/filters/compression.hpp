// SPDX-License-Identifier: MIT
//
// Compression: CompressionFilter, a stage of a StackableFilter that compresses the stream, and codecs that compress
// record by record. Part of poe::compress, which needs zlib and zstd.
//
//     auto filter = poe::StackableFilter::of(poe::CompressionFilter(), poe::LineFilter());
//     poe::ReferenceOptions options;
//     options.codec = poe::compression_codec(poe::Compression::zstd);
#pragma once

#include <cstdint>
#include <memory>

#include "poe/filters/codec.hpp"
#include "poe/filters/filter.hpp"

namespace poe {

enum class Compression : std::uint8_t {
  zstd,  ///< RFC 8878
  zlib,  ///< RFC 1950
  gzip,  ///< RFC 1952
};

struct CompressionOptions {
  CompressionOptions() = default;
  explicit CompressionOptions(Compression how) : format(how) {}

  Compression format = Compression::zstd;
  int level = 0;  ///< 0: the library's default
  /// Output may be this many times the input, beyond the first 64 KiB: more is Errc::limit (R47). Real text stays
  /// below 30; zeros reach 1000 with zlib and 10 000 with zstd.
  std::size_t max_ratio = 200;
  /// Octets of output of one stream, for streams that must end; in a codec, of one record.
  std::uint64_t max_output = UINT64_MAX;
  /// Octets of input kept when nobody asks for the output (Filter::keep()).
  std::size_t max_buffer = std::size_t{1} << 20;
};

/// Each record is flushed, so that the peer can read it at once. Several streams behind one another are read as one.
/// A record refers to those before it: where a wheel refuses one for want of room, later than the first of its stream,
/// the stream is over, and encode() and end() say Errc::closed. Whoever stops at Output::high never gets there.
/// Memory: zlib 44 KiB inward, 256 KiB outward; zstd up to 8 MiB inward (a peer that wants more is refused), about
/// 1 MiB outward; taken when the first octet goes that way. Inward 64 KiB more as long as next() has records to give.
/// Not thread-safe, as every Filter.
class POE_API CompressionFilter final : public Filter {
 public:
  explicit CompressionFilter(CompressionOptions options = CompressionOptions());
  CompressionFilter(CompressionFilter&&) noexcept;
  CompressionFilter& operator=(CompressionFilter&&) noexcept;
  ~CompressionFilter() override;

  void feed(std::string_view bytes) override;
  void keep() override;
  /// Pieces of up to 64 KiB; they mean nothing by themselves. Errors: Errc::protocol for what is not in the format,
  /// Errc::limit; then it gives up.
  Result<std::optional<std::string_view>> next() override;
  /// A stream that was begun and not ended is Errc::protocol, once: its last records may be missing.
  Result<std::optional<std::string_view>> finish() override;
  Result<void> encode(std::string_view record, std::string& out) override;
  /// Appends the end of the stream; what is put afterwards begins another one.
  Result<void> end(std::string& out);
  /// What the decompressor has not looked at. What it has seen, no other filter can go on with.
  std::string take_pending() override;
  std::size_t pending_size() const noexcept override;
  void forget_encoded() noexcept override;
  std::unique_ptr<Filter> clone() const override;
  void reset() noexcept override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Each record compressed by itself. Of the options format, level and max_ratio count; max_output too, where it is less
/// than what unpack() is told.
POE_API std::shared_ptr<const Codec> compression_codec(CompressionOptions options);
inline std::shared_ptr<const Codec> compression_codec(Compression how) {
  return compression_codec(CompressionOptions(how));
}

}  // namespace poe
