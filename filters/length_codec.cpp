// SPDX-License-Identifier: MIT
#include "poe/filters/length_codec.hpp"

#include <limits>
#include <utility>

namespace poe::length {

namespace {

using Head = Result<std::optional<BlockHead>>;

Head bad_length(std::string why) {
  return failure(Errc::protocol, "read", "the length of a block", std::move(why),
                 "check that the peer frames its blocks in the same way; reset() the filter for a new stream");
}

// Digits up to `end`. Nothing larger than 2^64-1 is a number, whatever it would wrap around to (R41).
Head read_digits(std::string_view bytes, char end, bool leading_zeros) {
  std::uint64_t value = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (c == end && at > 0) return BlockHead{at + 1, value};
    if (c < '0' || c > '9') return bad_length("there is an octet that is no digit");
    if (!leading_zeros && at > 0 && bytes.front() == '0') return bad_length("it has leading zeros");
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return bad_length("it is over 2^64");
    value = value * 10 + digit;
  }
  return std::nullopt;
}

Result<void> write_digits(std::size_t size, char end, std::string& out) {
  out.append(std::to_string(size)).push_back(end);
  return {};
}

LengthCodec digits(char end, bool leading_zeros, std::string trailer) {
  LengthCodec codec;
  codec.encode = [end](std::size_t size, std::string& out) { return write_digits(size, end, out); };
  codec.decode = [=](std::string_view bytes) { return read_digits(bytes, end, leading_zeros); };
  codec.longest = 21;  // 2^64-1 has 20 digits
  codec.trailer = std::move(trailer);
  return codec;
}

Result<void> write_big_endian(std::size_t size, std::size_t octets, std::string& out) {
  if (octets < sizeof size && size >> (8 * octets) != 0) {
    return failure(Errc::limit, "encode", "a block of " + std::to_string(size) + " octets",
                   "its length does not fit " + std::to_string(octets) + " octets", "send it in parts");
  }
  for (std::size_t i = octets; i-- > 0;) out.push_back(static_cast<char>(size >> (8 * i) & 0xFF));
  return {};
}

LengthCodec big_endian(std::size_t octets) {
  LengthCodec codec;
  codec.encode = [octets](std::size_t size, std::string& out) { return write_big_endian(size, octets, out); };
  codec.decode = [octets](std::string_view bytes) -> Head {
    if (bytes.size() < octets) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : bytes.substr(0, octets)) value = value << 8 | static_cast<unsigned char>(c);
    return BlockHead{octets, value};
  };
  codec.longest = octets;
  return codec;
}

constexpr std::size_t kLongestVarint = 10;  // 64 bits, 7 an octet

Head read_varint(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const auto octet = static_cast<unsigned char>(bytes[at]);
    if (at + 1 == kLongestVarint && octet > 1) return bad_length("it is over 2^64");
    value |= static_cast<std::uint64_t>(octet & 0x7FU) << (7 * at);
    if ((octet & 0x80U) != 0) continue;
    if (octet == 0 && at > 0) return bad_length("it is not in its shortest form");
    return BlockHead{at + 1, value};
  }
  return std::nullopt;
}

Result<void> write_varint(std::size_t size, std::string& out) {
  for (; size >= 0x80; size >>= 7) out.push_back(static_cast<char>((size & 0x7F) | 0x80));
  out.push_back(static_cast<char>(size));
  return {};
}

}  // namespace

LengthCodec decimal() { return digits('\0', true, {}); }
LengthCodec netstring() { return digits(':', false, ","); }
LengthCodec u8() { return big_endian(1); }
LengthCodec u16() { return big_endian(2); }
LengthCodec u32() { return big_endian(4); }

LengthCodec varint() {
  LengthCodec codec;
  codec.encode = write_varint;
  codec.decode = read_varint;
  codec.longest = kLongestVarint;
  return codec;
}

}  // namespace poe::length
