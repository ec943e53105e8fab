// SPDX-License-Identifier: MIT
//
// zlib and zstd behind one pair of interfaces. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "poe/filters/compression.hpp"

namespace poe {

class Decompressor {
 public:
  enum class Status : std::uint8_t { more, ended, corrupt };
  virtual ~Decompressor() = default;
  /// Takes from the front of `in` and writes to `out`. `made`: octets written. `more`: call again with more input or
  /// more room. `ended`: the stream is complete; the next call begins another one.
  virtual Status run(std::string_view& in, char* out, std::size_t room, std::size_t& made) = 0;
};

/// DEFLATE (RFC 1951) without a frame around it. What follows an end may refer to what came before it.
class RawDecompressor : public Decompressor {
 public:
  /// All that was taken in was whole blocks, up to an octet's end.
  virtual bool between_blocks() const noexcept = 0;
};

class Compressor {
 public:
  virtual ~Compressor() = default;
  /// Appends all that `in` compresses to, flushed, or with the end of the stream. False: the library failed.
  virtual bool run(std::string_view in, bool end, std::string& out) = 0;
};

/// Null if there is no memory.
std::unique_ptr<Decompressor> make_zlib_decompressor(bool gzip);
std::unique_ptr<Compressor> make_zlib_compressor(bool gzip, int level);
/// @param window_bits  8 to 15
std::unique_ptr<RawDecompressor> make_raw_decompressor(int window_bits);
/// @param memory  1 to 9: zlib keeps 2^(memory + 9) octets beside the window's 2^(window_bits + 2)
std::unique_ptr<Compressor> make_raw_compressor(int window_bits, int level, int memory);
std::unique_ptr<Decompressor> make_zstd_decompressor();
std::unique_ptr<Compressor> make_zstd_compressor(int level);

inline std::unique_ptr<Decompressor> make_decompressor(const CompressionOptions& options) {
  if (options.format == Compression::zstd) return make_zstd_decompressor();
  return make_zlib_decompressor(options.format == Compression::gzip);
}

inline std::unique_ptr<Compressor> make_compressor(const CompressionOptions& options) {
  if (options.format == Compression::zstd) return make_zstd_compressor(options.level);
  return make_zlib_compressor(options.format == Compression::gzip, options.level);
}

}  // namespace poe
