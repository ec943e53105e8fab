// SPDX-License-Identifier: MIT
//
// The handshake's proof. Why SHA-1 by hand: 60 octets in a part of POE that needs no other library, and no secret is
// protected by it.
#include <array>
#include <cstdint>
#include <string>

#include "poe/filters/websocket.hpp"

namespace poe {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint32_t rotated(std::uint32_t value, unsigned by) noexcept { return value << by | value >> (32 - by); }

// One block of 64 octets (FIPS 180-4, 6.1.2).
void mix(std::array<std::uint32_t, 5>& hash, std::string_view block) noexcept {
  std::array<std::uint32_t, 80> w{};
  for (std::size_t t = 0; t < 64; ++t) w[t / 4] = w[t / 4] << 8 | static_cast<unsigned char>(block[t]);
  for (std::size_t t = 16; t < 80; ++t) w[t] = rotated(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  auto [a, b, c, d, e] = hash;
  for (std::size_t t = 0; t < 80; ++t) {
    static constexpr std::array<std::uint32_t, 4> kRound = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
    const std::uint32_t f =
        t < 20 ? ((b & c) | (~b & d)) : (t >= 40 && t < 60 ? ((b & c) | (b & d) | (c & d)) : b ^ c ^ d);
    const std::uint32_t next = rotated(a, 5) + f + e + kRound[t / 20] + w[t];
    e = d;
    d = c;
    c = rotated(b, 30);
    b = a;
    a = next;
  }
  hash = {hash[0] + a, hash[1] + b, hash[2] + c, hash[3] + d, hash[4] + e};
}

std::string sha1(std::string text) {
  const std::uint64_t bits = 8 * text.size();
  text.push_back('\x80');
  while (text.size() % 64 != 56) text.push_back('\0');
  for (unsigned i = 8; i-- > 0;) text.push_back(static_cast<char>(bits >> (8 * i) & 0xFF));
  std::array<std::uint32_t, 5> hash = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  for (std::size_t at = 0; at < text.size(); at += 64) mix(hash, std::string_view(text).substr(at, 64));
  std::string out;
  for (const std::uint32_t word : hash) {
    for (unsigned i = 4; i-- > 0;) out.push_back(static_cast<char>(word >> (8 * i) & 0xFF));
  }
  return out;
}

std::string base64(std::string_view octets) {
  std::string out;
  for (std::size_t at = 0; at < octets.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (at + i < octets.size() ? static_cast<unsigned char>(octets[at + i]) : 0U);
    }
    for (unsigned i = 0; i < 4; ++i)
      out.push_back(at + i > octets.size() ? '=' : kAlphabet[group >> (18 - 6 * i) & 63U]);
  }
  return out;
}

}  // namespace

std::optional<std::string> websocket_accept(std::string_view key) {
  constexpr std::size_t kKey = 24;  // 16 octets in base64
  if (key.size() != kKey || !key.ends_with("==")) return std::nullopt;
  if (key.substr(0, kKey - 2).find_first_not_of(kAlphabet) != std::string_view::npos) return std::nullopt;
  return base64(sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

}  // namespace poe
