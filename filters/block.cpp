// SPDX-License-Identifier: MIT
#include "poe/filters/block.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace poe {

namespace {

constexpr std::size_t kMostLength = SIZE_MAX / 4;  // so that sums of sizes cannot overflow

BlockOptions sound(BlockOptions options) {
  if (options.block_size == std::size_t{0}) throw std::invalid_argument("BlockOptions: a block size of 0");
  if (!options.block_size && (!options.codec.encode || !options.codec.decode)) {
    throw std::invalid_argument("BlockOptions: a length codec needs both functions");
  }
  if (options.block_size) {
    options.block_size = std::min(*options.block_size, kMostLength);
    options.max_length = *options.block_size;
    options.codec.longest = 0;
    options.codec.trailer.clear();
  }
  options.max_length = std::min(options.max_length, kMostLength);
  options.codec.longest = std::min(options.codec.longest, std::size_t{4096});
  return options;
}

}  // namespace

struct BlockFilter::Settings {
  explicit Settings(BlockOptions from)
      : options(sound(std::move(from))),
        buffer(
            std::max(options.max_buffer, options.max_length + options.codec.longest + options.codec.trailer.size())) {}

  BlockOptions options;
  std::size_t buffer;
};

BlockFilter::BlockFilter(BlockOptions options) : BlockFilter(std::make_shared<const Settings>(std::move(options))) {}

BlockFilter::BlockFilter(std::shared_ptr<const Settings> settings) noexcept
    : settings_(std::move(settings)), input_(settings_->buffer) {}

Result<std::optional<BlockHead>> BlockFilter::head_of(std::string_view bytes) const {
  const BlockOptions& options = settings_->options;
  if (bytes.empty()) return std::nullopt;
  if (options.block_size) return BlockHead{0, *options.block_size};
  auto head = options.codec.decode(bytes.substr(0, options.codec.longest));
  if (!head) return head;
  if (!head->has_value() && bytes.size() < options.codec.longest) return head;
  if (head->has_value() && (*head)->header > 0 && (*head)->header <= bytes.size()) return head;
  return failure(Errc::protocol, "read", "the length of a block",
                 head->has_value() ? "the codec's decode() says that the header has an impossible size"
                                   : "it does not end within " + std::to_string(options.codec.longest) + " octets",
                 "check that the peer frames its blocks in the same way; reset() the filter for a new stream");
}

BlockFilter::Block BlockFilter::next() {
  input_.settle();
  if (to_skip_ > 0 && !skip()) return unfinished();
  return input_.held().empty() ? from_fed() : from_held();
}

// Drops the octets of a block that was too long. False: more of them are to come.
bool BlockFilter::skip() {
  while (to_skip_ > 0 && !input_.empty()) {
    const std::size_t piece = input_.held().empty() ? input_.fed().size() : input_.held().size();
    const auto dropped = static_cast<std::size_t>(std::min<std::uint64_t>(piece, to_skip_));
    input_.consume(dropped);
    to_skip_ -= dropped;
  }
  input_.settle();
  return to_skip_ == 0;
}

BlockFilter::Block BlockFilter::from_fed() {
  const std::string_view text = input_.fed();
  const auto head = head_of(text);
  if (!head) return give_up(head.error());
  if (!head->has_value()) return unfinished();
  return deliver(text, **head);
}

// A block that began in an earlier feed: its octets are copied behind it, no more than that.
BlockFilter::Block BlockFilter::from_held() {
  const LengthCodec& codec = settings_->options.codec;
  if (input_.held().size() < codec.longest) input_.borrow(codec.longest - input_.held().size());
  const auto head = head_of(input_.held());
  if (!head) return give_up(head.error());
  if (head->has_value() && (*head)->payload <= settings_->options.max_length) {
    const std::size_t whole = (*head)->header + static_cast<std::size_t>((*head)->payload) + codec.trailer.size();
    if (whole > input_.held().size()) {
      input_.borrow(whole - input_.held().size());
    } else {
      input_.give_back_after(whole);
    }
  }
  return head->has_value() ? deliver(input_.held(), **head) : unfinished();
}

BlockFilter::Block BlockFilter::deliver(std::string_view text, BlockHead head) {
  const std::string& trailer = settings_->options.codec.trailer;
  if (head.payload > settings_->options.max_length) return too_long(head);
  const auto payload = static_cast<std::size_t>(head.payload);
  if (text.size() < head.header + payload) return unfinished();
  const std::string_view behind = text.substr(head.header + payload).substr(0, trailer.size());
  if (behind != std::string_view(trailer).substr(0, behind.size())) {
    return give_up(Error(Errc::protocol, "read", "a block of " + std::to_string(payload) + " octets",
                         "what must follow it does not", "check that the peer frames its blocks in the same way"));
  }
  if (behind.size() < trailer.size()) return unfinished();
  input_.consume(head.header + payload + trailer.size());
  return text.substr(head.header, payload);
}

BlockFilter::Block BlockFilter::unfinished() {
  input_.keep();
  if (!input_.overflow()) return std::nullopt;
  return give_up(
      Error(Errc::limit, "buffer", "block input",
            "more than " + std::to_string(input_.limit()) + " octets came before their blocks were asked for",
            "call next() until it has nothing, or raise max_buffer; then reset() the filter"));
}

BlockFilter::Block BlockFilter::too_long(BlockHead head) {
  const BlockOptions& options = settings_->options;
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() - head.header - options.codec.trailer.size();
  const bool stop = options.oversize == OversizePolicy::stop || head.payload > most;
  Error error(Errc::limit, "read", "a block of " + std::to_string(head.payload) + " octets",
              "it is longer than " + std::to_string(options.max_length),
              stop ? "raise max_length and reset() the filter; all input from this block on is dropped"
                   : "raise max_length if such blocks are wanted; this one is dropped, the next one follows");
  if (stop) return give_up(std::move(error));
  input_.give_back_after(std::min(head.header, input_.held().size()));
  to_skip_ = head.payload + head.header + options.codec.trailer.size();
  skip();
  return failure(std::move(error));
}

BlockFilter::Block BlockFilter::give_up(Error error) noexcept {
  input_.stop();
  return failure(std::move(error));
}

BlockFilter::Block BlockFilter::finish() {
  Block block = next();
  if (!block || block->has_value()) return block;
  const std::string_view rest = input_.held();  // next() left everything there
  to_skip_ = 0;
  if (rest.empty()) return std::nullopt;
  input_.consume(rest.size());
  if (settings_->options.block_size) return rest;
  return failure(Errc::protocol, "read", "a block", "the stream ended within it", "it is dropped");
}

Result<void> BlockFilter::write_header(std::size_t size, std::string& out) const {
  const BlockOptions& options = settings_->options;
  if (options.block_size) return {};
  if (size > options.max_length) {
    return failure(Errc::limit, "encode", "a block of " + std::to_string(size) + " octets",
                   "it is longer than " + std::to_string(options.max_length), "send it in parts, or raise max_length");
  }
  return options.codec.encode(size, out);
}

Result<void> BlockFilter::encode(std::string_view record, std::string& out) {
  const std::size_t before = out.size();
  if (auto done = write_header(record.size(), out); !done) {
    out.resize(before);
    return done;
  }
  out.append(record).append(settings_->options.codec.trailer);
  return {};
}

std::unique_ptr<Filter> BlockFilter::clone() const { return std::unique_ptr<Filter>(new BlockFilter(settings_)); }

void BlockFilter::reset() noexcept { *this = BlockFilter(settings_); }

}  // namespace poe
