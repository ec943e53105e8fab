// SPDX-License-Identifier: MIT
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "streams.hpp"

namespace poe {

namespace {

constexpr int kWindow = 15;      // 32 KiB, the largest
constexpr int kGzipWindow = 31;  // the same, with a gzip header
constexpr std::size_t kMost = std::numeric_limits<uInt>::max();

template <class Stream>
std::unique_ptr<Stream> if_ready(std::unique_ptr<Stream> made) {
  return made->ready() ? std::move(made) : nullptr;
}

Bytef* input_of(std::string_view in) { return reinterpret_cast<Bytef*>(const_cast<char*>(in.data())); }

class ZlibDecompressor final : public RawDecompressor {
 public:
  /// @param window  as inflateInit2() has it
  explicit ZlibDecompressor(int window) : raw_(window < 0), ready_(inflateInit2(&stream_, window) == Z_OK) {}
  ~ZlibDecompressor() override {
    if (ready_) inflateEnd(&stream_);
  }
  ZlibDecompressor(const ZlibDecompressor&) = delete;
  ZlibDecompressor& operator=(const ZlibDecompressor&) = delete;
  bool ready() const noexcept { return ready_; }

  Status run(std::string_view& in, char* out, std::size_t room, std::size_t& made) override {
    if (ended_) {
      ended_ = false;
      if (!begin_again()) return Status::corrupt;
    }
    const std::size_t given = std::min(in.size(), kMost);
    stream_.next_in = input_of(in);
    stream_.avail_in = static_cast<uInt>(given);
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(std::min(room, kMost));
    const uInt had = stream_.avail_out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    in.remove_prefix(given - stream_.avail_in);
    made = had - stream_.avail_out;
    if (code == Z_STREAM_END) {
      ended_ = true;
      return Status::ended;
    }
    return code == Z_OK || code == Z_BUF_ERROR ? Status::more : Status::corrupt;
  }

  bool between_blocks() const noexcept override {  // inflate() in zlib.h: data_type
    constexpr int kBehindABlock = 128;
    constexpr int kBitsLeft = 63;
    return (stream_.data_type & kBehindABlock) != 0 && (stream_.data_type & kBitsLeft) == 0;
  }

 private:
  // Behind a last block. A raw stream goes on, and may refer to what came before. Why not by the dictionary's
  // functions: they copy the window, and a peer may send as many last blocks as it likes, of two octets each.
  bool begin_again() { return (raw_ ? inflateResetKeep(&stream_) : inflateReset(&stream_)) == Z_OK; }

  z_stream stream_{};
  bool raw_;
  bool ready_;
  bool ended_ = false;
};

class ZlibCompressor final : public Compressor {
 public:
  /// @param window,memory  as deflateInit2() has them
  ZlibCompressor(int window, int level, int memory) {
    const int how = level == 0 ? Z_DEFAULT_COMPRESSION : std::clamp(level, 1, 9);
    ready_ = deflateInit2(&stream_, how, Z_DEFLATED, window, memory, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~ZlibCompressor() override {
    if (ready_) deflateEnd(&stream_);
  }
  ZlibCompressor(const ZlibCompressor&) = delete;
  ZlibCompressor& operator=(const ZlibCompressor&) = delete;
  bool ready() const noexcept { return ready_; }

  bool run(std::string_view in, bool end, std::string& out) override {
    do {
      const std::string_view piece = in.substr(0, kMost);
      in.remove_prefix(piece.size());
      stream_.next_in = input_of(piece);
      stream_.avail_in = static_cast<uInt>(piece.size());
      if (!drain(in.empty() ? (end ? Z_FINISH : Z_SYNC_FLUSH) : Z_NO_FLUSH, out)) return false;
    } while (!in.empty());
    return !end || deflateReset(&stream_) == Z_OK;
  }

 private:
  bool drain(int flush, std::string& out) {
    std::array<char, 16384> room;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(room.data());
      stream_.avail_out = static_cast<uInt>(room.size());
      if (deflate(&stream_, flush) == Z_STREAM_ERROR) return false;
      out.append(room.data(), room.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
    return true;
  }

  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_zlib_decompressor(bool gzip) {
  return if_ready(std::make_unique<ZlibDecompressor>(gzip ? kGzipWindow : kWindow));
}

std::unique_ptr<Compressor> make_zlib_compressor(bool gzip, int level) {
  constexpr int kMemory = 8;  // zlib's default: 256 KiB
  return if_ready(std::make_unique<ZlibCompressor>(gzip ? kGzipWindow : kWindow, level, kMemory));
}

std::unique_ptr<RawDecompressor> make_raw_decompressor(int window_bits) {
  return if_ready(std::make_unique<ZlibDecompressor>(-window_bits));
}

// Why 9 for 8: zlib has no raw stream of 8 (zlib.h, deflateInit2()). Its distances end 262 octets before the window's
// size, so that those of 9 bits stay below 256.
std::unique_ptr<Compressor> make_raw_compressor(int window_bits, int level, int memory) {
  return if_ready(std::make_unique<ZlibCompressor>(-std::max(window_bits, 9), level, memory));
}

}  // namespace poe
