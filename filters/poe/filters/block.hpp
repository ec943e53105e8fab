// SPDX-License-Identifier: MIT
//
// BlockFilter: records of a stated size (POE::Filter::Block): all of one size, or each behind its length. Which form
// the length has: LengthCodec. Whole blocks are views into the fed bytes; only a block that was cut is copied. Not
// thread-safe, as every Filter.
//
//     poe::BlockFilter blocks;                                     // POE's "5\0hello"
//     poe::BlockFilter frames(poe::BlockOptions(poe::length::u32()));
//     poe::BlockFilter sectors(poe::BlockOptions::fixed(512));
#pragma once

#include <cstdint>
#include <memory>

#include "poe/filters/filter.hpp"
#include "poe/filters/input_buffer.hpp"
#include "poe/filters/length_codec.hpp"
#include "poe/filters/oversize.hpp"

namespace poe {

struct BlockOptions {
  /// Each block behind its length in digits and a NUL.
  BlockOptions() = default;
  explicit BlockOptions(LengthCodec how) : codec(std::move(how)) {}
  /// Blocks of `size` octets without a header. 0 throws std::invalid_argument in BlockFilter's constructor.
  static BlockOptions fixed(std::size_t size) {
    BlockOptions options;
    options.block_size = size;
    return options;
  }
  /// "5:hello,"
  static BlockOptions netstring() { return BlockOptions(length::netstring()); }

  LengthCodec codec = length::decimal();
  /// Octets of each block; then `codec` and `max_length` say nothing.
  std::optional<std::size_t> block_size = std::nullopt;
  /// Octets in a block, both ways, header and trailer not counted. Memory is taken as octets come, not as they are
  /// announced.
  std::size_t max_length = std::size_t{16} << 20;
  /// Octets kept when blocks are not fetched in time (Filter::keep()); at least one block fits.
  std::size_t max_buffer = std::size_t{1} << 20;
  /// What follows a block over max_length, after it was reported once. A length that large mostly means that the peer
  /// frames otherwise, so: stop. With `resync` the octets it announced are dropped and the next block follows.
  OversizePolicy oversize = OversizePolicy::stop;
};

class POE_API BlockFilter final : public Filter {
 public:
  /// Throws std::invalid_argument for a fixed size of 0 or a codec without functions: bugs of the program.
  explicit BlockFilter(BlockOptions options = BlockOptions());

  void feed(std::string_view bytes) override { input_.feed(bytes); }
  void keep() override { input_.keep(); }
  /// Errors: Errc::limit, see BlockOptions::oversize; Errc::protocol for what is no length (POE skips such octets and
  /// so loses data in silence) or a missing trailer: then the filter gives up, for nobody knows where a block begins.
  Result<std::optional<std::string_view>> next() override;
  /// Fixed size: a last block that is short, once. Else an unfinished block is Errc::protocol, once.
  Result<std::optional<std::string_view>> finish() override;
  /// A fixed size is not checked nor padded here, as in POE: what is put is cut on the other side.
  Result<void> encode(std::string_view record, std::string& out) override;
  std::string take_pending() override { return input_.take(); }
  std::size_t pending_size() const noexcept override { return input_.size(); }
  std::unique_ptr<Filter> clone() const override;
  void reset() noexcept override;

 private:
  using Block = Result<std::optional<std::string_view>>;
  struct Settings;

  explicit BlockFilter(std::shared_ptr<const Settings> settings) noexcept;
  Result<std::optional<BlockHead>> head_of(std::string_view bytes) const;
  Block from_fed();
  Block from_held();
  Block deliver(std::string_view text, BlockHead head);
  Block unfinished();
  Block too_long(BlockHead head);
  Block give_up(Error error) noexcept;
  bool skip();
  Result<void> write_header(std::size_t size, std::string& out) const;

  std::shared_ptr<const Settings> settings_;  // Why shared: constant, and one copy serves all clones of a server
  InputBuffer input_;
  std::uint64_t to_skip_ = 0;  // octets of a block that was too long, still to come
};

}  // namespace poe
