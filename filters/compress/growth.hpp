// SPDX-License-Identifier: MIT
//
// How much may come out of what went in (R47). The same for streams, records and messages.
#pragma once

#include <algorithm>
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

  /// How much `out` may be now.
  /// @param max_ratio  0: any
  std::uint64_t allowed(std::uint64_t max_output, std::uint64_t max_ratio) const noexcept {
    if (max_ratio == 0 || in + 1 >= (UINT64_MAX - kFree) / max_ratio) return max_output;
    return std::min(max_output, kFree + (in + 1) * max_ratio - 1);
  }

  std::optional<Error> check(std::uint64_t max_output, std::uint64_t max_ratio) const {
    if (out > max_output) return too_much("it has more than " + std::to_string(max_output) + " octets");
    if (out <= allowed(max_output, max_ratio)) return std::nullopt;
    return too_much("it grows to more than " + std::to_string(max_ratio) + " times its size");
  }

 private:
  static constexpr std::uint64_t kFree = std::uint64_t{64} << 10;

  static Error too_much(std::string why) {
    return Error(Errc::limit, "decompress", "a stream", std::move(why),
                 "raise max_ratio or max_output if such input is wanted; what follows is dropped");
  }
};

}  // namespace poe
