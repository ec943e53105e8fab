// SPDX-License-Identifier: MIT
//
// SHA-256 (FIPS 180-4), as `sha256sum` prints it.
// Why by hand: it decides what may be loaded, so it cannot itself be loaded when needed; linking libcrypto would slow
// the start of every program for the few that pin their plug-ins; the kernel's AF_ALG is forbidden in many containers.
// The tests hold it against the standard's examples and against sha256sum.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace poe::host_room {

using Digest = std::array<std::uint8_t, 32>;

/// One message: update() with its parts in order, then finish() once.
class Sha256 {
 public:
  void update(std::span<const std::uint8_t> part) noexcept;
  Digest finish() noexcept;

 private:
  static constexpr std::size_t kBlock = 64;  // bytes
  void compress(const std::uint8_t* block) noexcept;

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, kBlock> pending_{};
  std::uint64_t size_ = 0;  // bytes so far; those past the last whole block are in pending_
};

/// 64 digits, lower case.
std::string hex(const Digest& digest);

}  // namespace poe::host_room
