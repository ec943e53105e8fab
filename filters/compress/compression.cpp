// SPDX-License-Identifier: MIT
#include "poe/filters/compression.hpp"

#include <algorithm>
#include <utility>

#include "growth.hpp"
#include "poe/filters/input_buffer.hpp"
#include "streams.hpp"

namespace poe {

namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;

Error no_memory(const char* tried) {
  return Error(Errc::system, tried, "a stream", "the library has no memory for it", "use fewer connections at a time");
}

Error corrupt() {
  return Error(Errc::protocol, "decompress", "a stream", "it is malformed, or of another format",
               "check that the peer compresses in the same way; what follows is dropped");
}

class CompressionCodec final : public Codec {
 public:
  explicit CompressionCodec(CompressionOptions options) : options_(options) {}

  Result<std::string> pack(std::string_view plain) const override {
    const auto compressor = make_compressor(options_);
    std::string out;
    if (!compressor || !compressor->run(plain, true, out)) return failure(no_memory("compress"));
    return out;
  }

  Result<std::string> unpack(std::string_view packed, std::size_t most) const override {
    const auto decompressor = make_decompressor(options_);
    if (!decompressor) return failure(no_memory("decompress"));
    std::string out;
    Growth growth(std::min<std::uint64_t>(options_.max_output, most), options_.max_ratio);
    for (std::string_view rest = packed;;) {
      const std::size_t before = out.size();
      out.resize(before + kPiece);
      const auto step = growth.run(*decompressor, rest, out.data() + before, kPiece);
      out.resize(before + step.made);
      if (auto error = growth.check()) return failure(std::move(*error));
      if (step.status == Decompressor::Status::ended && rest.empty()) return out;
      if (step.status != Decompressor::Status::more || step.stuck) return failure(corrupt());
    }
  }

 private:
  CompressionOptions options_;
};

}  // namespace

struct CompressionFilter::State {
  explicit State(CompressionOptions from)
      : options(from), input(from.max_buffer), growth(from.max_output, from.max_ratio) {}

  CompressionOptions options;
  InputBuffer input;
  std::unique_ptr<Decompressor> decompressor;  // made at the first octet
  std::unique_ptr<Compressor> compressor;
  std::unique_ptr<char[]> output;  // a piece, while there are any
  Growth growth;
  bool within = false;          // a stream was begun and has not ended
  bool more = false;            // the decompressor may have output without new input
  bool stuck = false;           // its last call did nothing, for want of input
  std::optional<Error> failed;  // to be told once what came before it is delivered
  bool in_stream = false;       // something was encoded, and the stream not ended
  bool first = true;            // what was encoded last was the first of its stream
  bool out_of_step = false;     // the other side lacks what later records refer to

  std::size_t add_to_piece(std::size_t before);
  Result<void> compress(std::string_view record, bool end, std::string& out);
  void forget_compressed() noexcept;
  void give_up(Error error);
};

CompressionFilter::CompressionFilter(CompressionOptions options) : state_(std::make_unique<State>(options)) {}
CompressionFilter::CompressionFilter(CompressionFilter&&) noexcept = default;
CompressionFilter& CompressionFilter::operator=(CompressionFilter&&) noexcept = default;
CompressionFilter::~CompressionFilter() = default;

void CompressionFilter::feed(std::string_view bytes) { state_->input.feed(bytes); }
void CompressionFilter::keep() { state_->input.keep(); }

// One call of the library: how many octets it put behind the `before` in `output`. What ends the stream is left in
// `failed`, for what was made before it is delivered first: how much that is must not depend on the cuts.
std::size_t CompressionFilter::State::add_to_piece(std::size_t before) {
  if (!decompressor) decompressor = make_decompressor(options);
  if (!decompressor) {
    give_up(no_memory("decompress"));
    return 0;
  }
  if (!output) output = std::make_unique_for_overwrite<char[]>(kPiece);
  std::string_view in = input.held().empty() ? input.fed() : input.held();
  const std::size_t had = in.size();
  const auto step = growth.run(*decompressor, in, output.get() + before, kPiece - before);
  input.consume(had - in.size());
  within = step.status == Decompressor::Status::more;
  more = step.full;
  stuck = step.stuck;
  if (auto error = growth.check()) {
    give_up(std::move(*error));
  } else if (step.status == Decompressor::Status::corrupt) {
    give_up(corrupt());
  }
  return step.made - static_cast<std::size_t>(growth.excess());
}

void CompressionFilter::State::give_up(Error error) {
  failed = std::move(error);
  input.stop();
  decompressor.reset();
}

Result<std::optional<std::string_view>> CompressionFilter::next() {
  State& s = *state_;
  s.input.settle();
  std::size_t made = 0;
  while (!s.input.stopped() && (!s.input.empty() || s.more) && made < kPiece) {
    made += s.add_to_piece(made);
    const bool at_end = !s.within && made > 0;  // of a stream
    if (at_end || s.stuck) break;
    s.input.settle();
  }
  if (made > 0) return std::string_view(s.output.get(), made);
  s.output.reset();
  if (s.input.overflow()) {
    s.give_up(Error(Errc::limit, "buffer", "compressed input",
                    "more than " + std::to_string(s.input.limit()) + " octets came before any were asked for",
                    "call next() until it has nothing, or raise max_buffer; then reset() the filter"));
  }
  if (auto error = std::exchange(s.failed, std::nullopt)) return failure(std::move(*error));
  return std::nullopt;
}

Result<std::optional<std::string_view>> CompressionFilter::finish() {
  auto piece = next();
  if (!piece || piece->has_value() || state_->input.stopped() || !std::exchange(state_->within, false)) return piece;
  state_->decompressor.reset();
  return failure(Errc::protocol, "decompress", "a stream", "it is cut off", "its last records may be missing");
}

Result<void> CompressionFilter::State::compress(std::string_view record, bool end, std::string& out) {
  if (out_of_step) {
    return failure(Errc::closed, "compress", "a record", "one before it was left out, and it may refer to that",
                   "end this connection; on the next one, stop at Output::high");
  }
  if (!compressor) compressor = make_compressor(options);
  const std::size_t before = out.size();
  first = !std::exchange(in_stream, !end);
  if (compressor && compressor->run(record, end, out)) return {};
  out.resize(before);
  forget_compressed();
  return failure(no_memory("compress"));
}

void CompressionFilter::State::forget_compressed() noexcept {
  out_of_step = out_of_step || !first;
  in_stream = false;
  compressor.reset();
}

Result<void> CompressionFilter::encode(std::string_view record, std::string& out) {
  return state_->compress(record, false, out);
}
Result<void> CompressionFilter::end(std::string& out) { return state_->compress({}, true, out); }

void CompressionFilter::forget_encoded() noexcept { state_->forget_compressed(); }

std::string CompressionFilter::take_pending() { return state_->input.take(); }
std::size_t CompressionFilter::pending_size() const noexcept { return state_->input.size(); }
std::unique_ptr<Filter> CompressionFilter::clone() const {
  return std::make_unique<CompressionFilter>(state_->options);
}
void CompressionFilter::reset() noexcept { *this = CompressionFilter(state_->options); }

std::shared_ptr<const Codec> compression_codec(CompressionOptions options) {
  return std::make_shared<CompressionCodec>(options);
}

}  // namespace poe
