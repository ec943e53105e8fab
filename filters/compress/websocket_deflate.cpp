// SPDX-License-Identifier: MIT
#include "poe/filters/websocket_deflate.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "growth.hpp"
#include "streams.hpp"

namespace poe {

namespace {

using namespace std::literals;

// What ends each flush, is not sent, and is to be added before a message's end is inflated (RFC 7692, 7.2.1, 7.2.2).
constexpr std::string_view kTail = "\x00\x00\xff\xff"sv;

tl::unexpected<Error> corrupt() {
  return failure(Errc::protocol, "inflate", "a WebSocket message", "a message is not compressed by DEFLATE", "");
}

class DeflateCodec final : public WebSocketCodec {
 public:
  DeflateCodec(const WebSocketDeflateOptions& options, const WebSocketDeflateTerms& terms, bool is_client)
      : options_(options),
        bits_out_(is_client ? terms.client_max_window_bits : terms.server_max_window_bits),
        bits_in_(is_client ? terms.server_max_window_bits : terms.client_max_window_bits),
        forgets_out_(is_client ? terms.client_no_context_takeover : terms.server_no_context_takeover),
        forgets_in_(is_client ? terms.server_no_context_takeover : terms.client_no_context_takeover) {}

  bool pack(std::string_view message, std::string& out) override {
    if (message.empty() || message.size() < options_.threshold) return false;
    if (!compressor_) compressor_ = make_raw_compressor(bits_out_, options_.level, options_.memory);
    if (!compressor_) return false;
    const std::size_t before = out.size();
    const bool done = compressor_->run(message, false, out);
    if (done) out.resize(out.size() - kTail.size());
    // One that is not sent although the other side expects to see it later would be missed there.
    if (done && !forgets_out_) return true;
    compressor_.reset();
    if (done && out.size() - before < message.size()) return true;
    out.resize(before);
    return false;
  }

  void forget_packed() noexcept override { compressor_.reset(); }

  Result<void> unpack(std::string_view piece, bool last, std::size_t most, std::string& out) override {
    if (!decompressor_) decompressor_ = make_raw_decompressor(bits_in_);
    if (!decompressor_) {
      return failure(Errc::system, "inflate", "a WebSocket message", "zlib has no memory for a message", "");
    }
    if (auto done = inflate(piece, most, out); !done || !last) return done;
    if (auto done = inflate(kTail, most, out); !done) return done;
    if (!decompressor_->between_blocks()) return corrupt();
    growth_ = allowed();
    if (forgets_in_) decompressor_.reset();
    return {};
  }

 private:
  Growth allowed() const noexcept { return {UINT64_MAX, options_.max_ratio}; }

  // One octet over `most` at the furthest.
  Result<void> inflate(std::string_view in, std::size_t most, std::string& out) {
    std::array<char, 16384> room;
    for (bool all = false; !all;) {
      const std::size_t wanted = std::min(room.size() - 1, most - out.size()) + 1;
      const auto step = growth_.run(*decompressor_, in, room.data(), wanted);
      out.append(room.data(), step.made);
      if (out.size() > most) {
        return failure(Errc::limit, "inflate", "a WebSocket message",
                       "a message is longer than " + std::to_string(most) + " octets", "");
      }
      if (auto error = growth_.check()) return failure(std::move(*error));
      if (step.status == Decompressor::Status::corrupt || (step.stuck && !in.empty())) return corrupt();
      all = in.empty() && !step.full;
    }
    return {};
  }

  WebSocketDeflateOptions options_;
  int bits_out_;
  int bits_in_;
  bool forgets_out_;
  bool forgets_in_;
  std::unique_ptr<Compressor> compressor_;
  std::unique_ptr<RawDecompressor> decompressor_;
  Growth growth_ = allowed();  // of the message in hand
};

class Deflate final : public WebSocketDeflate {
 public:
  explicit Deflate(const WebSocketDeflateOptions& options) : options_(options) {
    for (int* bits : {&options_.wanted.server_max_window_bits, &options_.wanted.client_max_window_bits}) {
      *bits = std::clamp(*bits, 8, 15);
    }
    options_.memory = std::clamp(options_.memory, 1, 9);
  }

  const WebSocketDeflateTerms& wanted() const noexcept override { return options_.wanted; }
  std::unique_ptr<WebSocketCodec> open(const WebSocketDeflateTerms& agreed, bool is_client) const override {
    return std::make_unique<DeflateCodec>(options_, agreed, is_client);
  }

 private:
  WebSocketDeflateOptions options_;
};

}  // namespace

std::shared_ptr<const WebSocketDeflate> websocket_deflate(WebSocketDeflateOptions options) {
  return std::make_shared<Deflate>(options);
}

}  // namespace poe
