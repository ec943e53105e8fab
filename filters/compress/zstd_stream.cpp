// SPDX-License-Identifier: MIT
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

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
    made = 0;
    const std::string_view given = in.substr(0, step());
    if (!may_begin(given)) return Status::corrupt;
    ZSTD_inBuffer input{given.data(), given.size(), 0};
    ZSTD_outBuffer output{out, room, 0};
    const std::size_t left = ZSTD_decompressStream(context_.get(), &output, &input);
    wanted_ = ZSTD_isError(left) != 0 ? 0 : left;
    in.remove_prefix(input.pos);
    made = output.pos;
    if (ZSTD_isError(left) != 0) return Status::corrupt;
    if (left == 0) {
      begun_ = 0;
      promised_.reset();
      return Status::ended;
    }
    keep_header(given.substr(0, input.pos));
    if (promised_) *promised_ -= std::min<std::uint64_t>(*promised_, made);
    return Status::more;
  }

 private:
  static constexpr std::string_view kFrame = "\x28\xb5\x2f\xfd";      // RFC 8878, 3.1.1
  static constexpr std::string_view kSkippable = "\x50\x2a\x4d\x18";  // 3.1.2; the first octet up to 0x5f

  // What it is given of a magic number is that of RFC 8878. Why: the library may know the formats that came before, if
  // it gets the whole number in one call, and their decoders are old.
  bool may_begin(std::string_view given) const noexcept {
    for (auto at = begun_; at < kFrame.size() && !given.empty(); ++at, given.remove_prefix(1)) {
      const char octet = at == 0 && (given[0] & 0xf0) == kSkippable[0] ? kSkippable[0] : given[0];
      if (octet != kFrame[at] && octet != kSkippable[at]) return false;
    }
    return true;
  }

  // Until the header says how many octets the frame becomes, or that it does not say so.
  void keep_header(std::string_view taken) {
    taken = taken.substr(0, header_.size() - begun_);
    std::copy(taken.begin(), taken.end(), header_.begin() + begun_);
    begun_ += taken.size();
    if (promised_ || taken.empty() || header_[0] != kFrame[0]) return;
    const unsigned long long size = ZSTD_getFrameContentSize(header_.data(), begun_);
    if (size != ZSTD_CONTENTSIZE_ERROR) promised_ = size;  // unknown is a very large number
  }

  // A header or a block at a time, its last octet by itself, and no more than the header has promised. Why: a call that
  // fails does not say what it made before, but what it has of a block that is not compressed it gives at once, so that
  // more or less would be delivered of a bad stream, by how its octets were cut.
  std::size_t step() const noexcept {
    constexpr std::size_t kShortestHeader = 5;
    constexpr std::size_t kNextBlocksHeader = 3;
    if (wanted_ == 0) return kShortestHeader;
    const std::size_t block = wanted_ > kNextBlocksHeader ? wanted_ - kNextBlocksHeader : wanted_;
    const std::uint64_t most = std::min<std::uint64_t>(block - 1, promised_.value_or(UINT64_MAX));
    return std::max<std::size_t>(static_cast<std::size_t>(most), 1);
  }

  std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::size_t wanted_ = 0;                   // octets it would like next; 0: a frame begins
  std::array<char, 18> header_{};            // of the frame: 18 octets are the longest (RFC 8878, 3.1.1.1)
  std::size_t begun_ = 0;                    // so many of them
  std::optional<std::uint64_t> promised_{};  // octets the frame has yet to become
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
