// SPDX-License-Identifier: MIT
//
// LengthCodec: how the length of a block stands on the wire (POE::Filter::Block's LengthCodec). The ready-made ones are
// here; your own is two functions. Sizes count octets, never characters (P127).
//
//     poe::LengthCodec codec;
//     codec.encode = [](std::size_t size, std::string& out) { ... };       // appends the header
//     codec.decode = [](std::string_view bytes) { return poe::BlockHead{2, 300}; };
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/export.hpp"

namespace poe {

/// What the front of a stream says about the block that begins there. Octets.
struct BlockHead {
  std::size_t header = 0;     ///< how long the header itself is, at least 1
  std::uint64_t payload = 0;  ///< how long what follows it is
};

/// Has a constructor, so it is no aggregate: see LineOptions.
struct LengthCodec {
  LengthCodec() = default;

  using Encode = std::function<Result<void>(std::size_t size, std::string& out)>;
  using Decode = std::function<Result<std::optional<BlockHead>>(std::string_view bytes)>;

  /// Appends the header of a block of `size` octets. Errors: Errc::limit if the form cannot say that size.
  Encode encode;
  /// Looks at the front of the stream and consumes nothing. Nothing: "not yet" (P127), more octets are needed. Its
  /// answer must depend on `bytes` alone, and "not yet" is never given for `longest` octets. Errors: Errc::protocol,
  /// after which the place of the next block is unknown and the filter gives up.
  Decode decode;
  /// Octets of the longest header: a peer that sends more without a length breaks the rules.
  std::size_t longest = 32;
  /// What follows each payload, such as the comma of a netstring.
  std::string trailer = {};
};

namespace length {

/// POE's: digits and a NUL, "5\0hello" (P126).
POE_API LengthCodec decimal();
/// Netstrings (cr.yp.to/proto/netstrings.txt): "5:hello,". No leading zeros.
POE_API LengthCodec netstring();
/// One octet: blocks of up to 255.
POE_API LengthCodec u8();
/// Two octets, the most significant first: up to 65 535.
POE_API LengthCodec u16();
/// Four octets, the most significant first.
POE_API LengthCodec u32();
/// Seven bits an octet, the least significant group first, bit 7 set on all but the last: Protocol Buffers' and LEB128.
/// Only the shortest form of a number is accepted, so that two peers cannot read one header in two ways.
POE_API LengthCodec varint();

}  // namespace length
}  // namespace poe
