// SPDX-License-Identifier: MIT
//
// How much may come out of what went in (R47). The same for streams, records and messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "poe/error.hpp"

namespace poe {

struct Growth {
  std::uint64_t in = 0;
  std::uint64_t out = 0;

  /// @param max_ratio  0: any
  std::optional<Error> check(std::uint64_t max_output, std::uint64_t max_ratio) const {
    if (out > max_output) return too_much("it has more than " + std::to_string(max_output) + " octets");
    constexpr std::uint64_t kFree = std::uint64_t{64} << 10;
    const std::uint64_t beyond = out > kFree ? out - kFree : 0;
    if (max_ratio == 0 || beyond / max_ratio <= in) return std::nullopt;
    return too_much("it grows to more than " + std::to_string(max_ratio) + " times its size");
  }

 private:
  static Error too_much(std::string why) {
    return Error(Errc::limit, "decompress", "a stream", std::move(why),
                 "raise max_ratio or max_output if such input is wanted; what follows is dropped");
  }
};

}  // namespace poe
