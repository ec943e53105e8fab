// SPDX-License-Identifier: MIT
#include <zstd.h>

#include <algorithm>
#include <array>

#include "streams.hpp"

namespace poe {

namespace {

constexpr int kWindowLog = 23;  // 8 MiB, what RFC 8878 asks every decoder to support

struct Free {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};

class ZstdDecompressor final : public Decompressor {
 public:
  ZstdDecompressor() : context_(ZSTD_createDCtx()) {
    if (context_) ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLog);
  }
  bool ready() const noexcept { return context_ != nullptr; }

  Status run(std::string_view& in, char* out, std::size_t room, std::size_t& made) override {
    ZSTD_inBuffer input{in.data(), std::min(in.size(), step()), 0};
    ZSTD_outBuffer output{out, room, 0};
    const std::size_t left = ZSTD_decompressStream(context_.get(), &output, &input);
    wanted_ = ZSTD_isError(left) != 0 ? 0 : left;
    in.remove_prefix(input.pos);
    made = output.pos;
    if (ZSTD_isError(left) != 0) return Status::corrupt;
    return left == 0 ? Status::ended : Status::more;
  }

 private:
  // A header or a block at a time. Why: a call that fails does not say what it made before, so that more or less would
  // be delivered of a bad stream, by how its octets were cut.
  std::size_t step() const noexcept {
    constexpr std::size_t kShortestHeader = 5;
    constexpr std::size_t kNextBlocksHeader = 3;
    if (wanted_ == 0) return kShortestHeader;
    return wanted_ > kNextBlocksHeader ? wanted_ - kNextBlocksHeader : wanted_;
  }

  std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::size_t wanted_ = 0;  // octets it would like next; 0: a frame begins
};

class ZstdCompressor final : public Compressor {
 public:
  explicit ZstdCompressor(int level) : context_(ZSTD_createCCtx()) {
    if (!context_) return;
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }
  bool ready() const noexcept { return context_ != nullptr; }

  bool run(std::string_view in, bool end, std::string& out) override {
    std::array<char, 16384> room;
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    for (;;) {
      ZSTD_outBuffer output{room.data(), room.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_.get(), &output, &input, end ? ZSTD_e_end : ZSTD_e_flush);
      if (ZSTD_isError(left) != 0) return false;
      out.append(room.data(), output.pos);
      if (left == 0 && input.pos == input.size) return true;
    }
  }

 private:
  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

}  // namespace

std::unique_ptr<Decompressor> make_zstd_decompressor() {
  auto made = std::make_unique<ZstdDecompressor>();
  if (!made->ready()) return nullptr;
  return made;
}

std::unique_ptr<Compressor> make_zstd_compressor(int level) {
  auto made = std::make_unique<ZstdCompressor>(level);
  if (!made->ready()) return nullptr;
  return made;
}

}  // namespace poe
